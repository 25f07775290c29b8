"""An S3 server on loopback for tests: serve_s3.py FILE KEY [FILE KEY ...] puts files into its bucket "data", prints its port, and serves
until its standard input ends; a line "fetch DIRECTORY" copies the bucket there and answers with the number of objects."""

import os
import pathlib
import sys

import boto3
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
client = boto3.client(
    "s3",
    endpoint_url=f"http://{host}:{port}",
    region_name="us-east-1",
    aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
    aws_secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"],
)
client.create_bucket(Bucket="data")
for file, key in zip(sys.argv[1::2], sys.argv[2::2]):
    client.upload_file(file, "data", key)
print(port, flush=True)
for line in sys.stdin:
    directory = pathlib.Path(line.removeprefix("fetch ").rstrip("\n"))
    count = 0
    for page in client.get_paginator("list_objects_v2").paginate(Bucket="data"):
        for found in page.get("Contents", []):
            count += 1
            if not found["Key"].endswith("/"):
                target = directory / found["Key"]
                target.parent.mkdir(parents=True, exist_ok=True)
                client.download_file("data", found["Key"], str(target))
    print(count, flush=True)
server.stop()
