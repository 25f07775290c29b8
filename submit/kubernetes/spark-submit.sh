#!/usr/bin/env bash
# Runs trlm-spark on Kubernetes with spark-submit of the Spark 4.2 distribution in SPARK_HOME; the driver is a pod as well.
# The arguments are those of submit/local.sh, with paths that every pod can read (s3a://, hdfs://):
#
#   KUBERNETES_MASTER=https://host:6443 TRLM_IMAGE=registry/trlm-spark:tag submit/kubernetes/spark-submit.sh generate --model s3a://… --input … --output …
#
#   TRLM_IMAGE           an image of Spark 4.2 (Scala 2.13, Java 17 or 21) with trlm-spark.jar at /opt/trlm
#   TRLM_EXECUTORS       executors; else 4
#   TRLM_JARS            further jars in that image, with commas between them, as local:///opt/trlm/trlm-spark-onednn.jar for --compute bf16 (docs/compute.md)
#   TRLM_OVERHEAD        memory of an executor beside its heap; else 1g, which holds the weights of a 135M model in bf16
#   TRLM_SERVICE_ACCOUNT of the driver's pod; else spark
set -euo pipefail

for name in SPARK_HOME KUBERNETES_MASTER TRLM_IMAGE; do
  if [ -z "${!name:-}" ]; then
    echo "Error: $name is not set; see the head of $0." >&2
    exit 2
  fi
done

jars=()
if [ -n "${TRLM_JARS:-}" ]; then
  jars=(--jars "$TRLM_JARS")
fi

exec "$SPARK_HOME/bin/spark-submit" \
  --master "k8s://$KUBERNETES_MASTER" \
  --deploy-mode cluster \
  --name trlm-spark \
  --class org.trlm.job.TrlmSpark \
  --driver-memory 2g \
  --executor-memory 8g \
  --conf spark.executor.cores=4 \
  --conf "spark.executor.memoryOverhead=${TRLM_OVERHEAD:-1g}" \
  --conf "spark.executor.instances=${TRLM_EXECUTORS:-4}" \
  --conf "spark.kubernetes.container.image=$TRLM_IMAGE" \
  --conf "spark.kubernetes.authenticate.driver.serviceAccountName=${TRLM_SERVICE_ACCOUNT:-spark}" \
  ${jars[@]+"${jars[@]}"} \
  local:///opt/trlm/trlm-spark.jar "$@"
