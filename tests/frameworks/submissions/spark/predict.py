"""A pipeline of Spark's own machine learning, in local mode."""

from pyspark.ml import Pipeline
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import OneHotEncoder, StringIndexer, VectorAssembler
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

spark = SparkSession.builder.master("local[1]").config("spark.sql.shuffle.partitions", 1).getOrCreate()


def read(name: str) -> DataFrame:
    """An input with the curve of age and its gaps marked."""
    table = spark.read.csv(f"/in/{name}", header=True, inferSchema=True)
    has_no_age = f.col("age").isNull().cast("double")
    return table.withColumn("no_age", has_no_age).fillna({"age": 0.0}).withColumn("curve", f.col("age") ** 2)


stages = [
    StringIndexer(inputCol="kind", outputCol="kind_number", stringOrderType="alphabetAsc"),
    OneHotEncoder(inputCol="kind_number", outputCol="kinds"),
    VectorAssembler(inputCols=["debt", "curve", "no_age", "kinds"], outputCol="features"),
    LogisticRegression(labelCol="defaulted", maxIter=30),
]
predicted = Pipeline(stages=stages).fit(read("train.csv")).transform(read("test.csv"))
chance = vector_to_array("probability").getItem(1).alias("probability")
predicted.select("id", chance).orderBy("id").toPandas().to_csv("/out/predictions.csv", index=False)
spark.stop()
