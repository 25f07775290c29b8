"""A nightly run by Airflow (3, provider apache-airflow-providers-apache-spark): copy it into the DAG folder.

The same command every night: rows answered before are left alone, new and changed ones are answered, so a retry only goes on.
The connection spark_default names the master; its spark-submit is that of a Spark 4.2 distribution.
"""

from datetime import datetime, timedelta

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import DAG

with DAG(
    dag_id="trlm_spark_reviews",
    schedule="15 2 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    # two runs on one output would refuse each other
    max_active_runs=1,
):
    SparkSubmitOperator(
        task_id="generate",
        conn_id="spark_default",
        application="/opt/trlm-spark/job/target/trlm-spark.jar",
        java_class="org.trlm.job.TrlmSpark",
        # for --compute bf16 or auto (docs/compute.md): jars="/opt/trlm-spark/onednn/target/trlm-spark-onednn.jar",
        # and conf={"spark.executor.memoryOverhead": "1g"}
        driver_memory="4g",
        executor_memory="4g",
        executor_cores=2,
        application_args=[
            "generate",
            "--model", "hdfs:///models/trlm-135m",
            "--input", "hdfs:///data/reviews",
            "--output", "hdfs:///data/answers",
            "--max-error-rate", "0.05",
        ],
        retries=2,
        retry_delay=timedelta(minutes=5),
    )
