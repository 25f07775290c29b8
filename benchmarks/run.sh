#!/usr/bin/env bash
# Measures this machine: benchmarks/run.sh kernels | engine [FLOAT32|BFLOAT16]. Builds what it needs.
#   JAVA_HOME            the Java to measure; else java on the path
#   TRLM_DRIVER_MEMORY   heap; 3g unless set
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
case ${1:-} in
  kernels) main=KernelBenchmark ;;
  engine) main=EngineBench ;;
  *)
    echo "Usage: benchmarks/run.sh kernels | engine [FLOAT32|BFLOAT16]" >&2
    exit 2
    ;;
esac
shift
mvn -f "$root/pom.xml" -q -B -pl benchmarks -am -DskipTests compile >&2
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" "@$root/submit/java-options" "-Xmx${TRLM_DRIVER_MEMORY:-3g}" \
  -cp "$root/benchmarks/target/classes:$root/engine/target/classes" "org.trlm.benchmarks.$main" "$@"
