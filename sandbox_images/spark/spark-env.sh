# Without a network the machine has no address but this one. The programs of Spark read this file when they start.
SPARK_LOCAL_IP=127.0.0.1
export SPARK_LOCAL_IP
