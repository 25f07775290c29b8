#!/usr/bin/env bash
# Measures this machine: benchmarks/run.sh kernels | products | engine [FLOAT32|BFLOAT16]. Builds what it needs.
#   JAVA_HOME            the Java to measure; else java on the path
#   TRLM_DRIVER_MEMORY   heap; 3g unless set
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
case ${1:-} in
  kernels) main=KernelBenchmark ;;
  products) main=ProductBenchmark ;;
  engine) main=EngineBench ;;
  *)
    echo "Usage: benchmarks/run.sh kernels | products | engine [FLOAT32|BFLOAT16]" >&2
    exit 2
    ;;
esac
shift
classpath=$root/benchmarks/target/classes:$root/engine/target/classes
measure() {
  "${JAVA_HOME:+$JAVA_HOME/bin/}java" "@$root/submit/java-options" "-Xmx${TRLM_DRIVER_MEMORY:-3g}" "$@"
}
if [ $main = ProductBenchmark ]; then
  mvn -f "$root/pom.xml" -q -B -pl benchmarks,onednn -am -DskipTests package >&2
  classpath+=:$root/onednn/target/trlm-spark-onednn.jar
  # the same oneDNN in float32, on every CPU, then what the mode bf16 is on this one
  measure -Dtrlm.onednn.emulate=uncapped -cp "$classpath" "org.trlm.benchmarks.$main"
  measure -cp "$classpath" "org.trlm.benchmarks.$main"
else
  mvn -f "$root/pom.xml" -q -B -pl benchmarks -am -DskipTests compile >&2
  measure -cp "$classpath" "org.trlm.benchmarks.$main" "$@"
fi
