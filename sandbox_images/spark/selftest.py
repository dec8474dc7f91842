"""Run inside the image, hardened: does Spark start in local mode, learn, predict, and read and write its own files?

This file runs in isolated mode (`-I`), so it starts the image's `python` once more, as a run does.
"""

import subprocess
import sys

WORK = """
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
assert spark.sparkContext.master == "local[1]"
rows = spark.createDataFrame([(float(n), int(n > 20)) for n in range(40)], ["x", "y"])
vectors = VectorAssembler(inputCols=["x"], outputCol="v").transform(rows)
model = LogisticRegression(featuresCol="v", labelCol="y", maxIter=10).fit(vectors)
hits = model.transform(vectors).filter("prediction = y").count()
for codec in ("snappy", "zstd", "gzip"):
    rows.write.parquet(f"/tmp/{codec}", compression=codec)
    assert spark.read.parquet(f"/tmp/{codec}").toPandas()["x"].sum() == 780
version = spark.version
spark.stop()
assert hits >= 38, hits
print(f"Spark {version}, {hits} of 40 right")
"""

sys.exit(subprocess.run(["/usr/bin/env", "python", "-c", WORK], check=False).returncode)
