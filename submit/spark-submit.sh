#!/usr/bin/env bash
# Runs trlm-spark through spark-submit of the Spark 4.2 distribution in SPARK_HOME, with the same arguments as local.sh.
# What stands after -- goes to spark-submit itself:
#
#   submit/spark-submit.sh generate --master spark://host:7077 --model DIR --input FILE --output DIR -- --executor-memory 4g --conf k=v
#
# --master is given to spark-submit as well. Builds trlm-spark.jar when it is missing. --verbose prints the command. Returns the job's exit code.
#   SPARK_HOME           the distribution
#   JAVA_HOME            the Java to use (17, 21, or 25.0.3 and newer); else java on the path
#   TRLM_JARS            further jars for driver and executors, with commas between them: those of --compute bf16 (docs/compute.md); joined with a --jars after --
#   TRLM_DRIVER_MEMORY   the driver's heap, as 4g; else half of the machine's memory for a local master, 2g for others
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
# shellcheck source=submit/common.sh
. "$root/submit/common.sh"

if [ ! -x "${SPARK_HOME:-}/bin/spark-submit" ]; then
  echo "Error: SPARK_HOME is '${SPARK_HOME:-}', which holds no bin/spark-submit. Set it to a Spark 4.2 distribution (Scala 2.13), or use submit/local.sh, which needs none." >&2
  exit 2
fi

job=()
spark=()
master=
while [ $# -gt 0 ]; do
  case $1 in
    --)
      shift
      spark=("$@")
      break
      ;;
    --master) master=${2:-} ;;
    --master=*) master=${1#--master=} ;;
  esac
  job+=("$1")
  shift
done

# spark-submit takes the last --jars alone
jars=$(further_jars ,)
submit=()
while [ ${#spark[@]} -gt 0 ]; do
  case ${spark[0]} in
    --jars)
      jars+=${jars:+,}${spark[1]:-}
      spark=("${spark[@]:1}")
      ;;
    --jars=*) jars+=${jars:+,}${spark[0]#--jars=} ;;
    *) submit+=("${spark[0]}") ;;
  esac
  spark=(${spark[@]+"${spark[@]:1}"})
done

build
case $master in
  '' | local*) memory=$(driver_memory) ;;
  *) memory=${TRLM_DRIVER_MEMORY:-2g} ;;
esac
options=$(grep -v -e '^#' -e '^$' "$root/submit/java-options" | tr '\n' ' ')
command=("$SPARK_HOME/bin/spark-submit" --class org.trlm.job.TrlmSpark --driver-memory "$memory"
  --conf "spark.driver.defaultJavaOptions=$options -Dlog4j2.configurationFile='$root/conf/log4j2.properties'"
  --conf "spark.executor.defaultJavaOptions=$options")
if [ -n "$master" ]; then
  command+=(--master "$master")
fi
if [ -n "$jars" ]; then
  command+=(--jars "$jars")
fi
command+=(${submit[@]+"${submit[@]}"} "$jar" ${job[@]+"${job[@]}"})
if is_verbose ${job[@]+"${job[@]}"}; then
  print_command "${command[@]}"
fi
exec "${command[@]}"
