"""Writes `model.onnx`: `python train.py train.csv`, with the packages onnx, pandas and scikit-learn.

The graph has the whole model: the missing age becomes 0, age is squared, and a logistic regression follows.
"""

import sys

import numpy as np
import onnx
import pandas as pd
from onnx import TensorProto, helper, numpy_helper
from sklearn.linear_model import LogisticRegression

KINDS = ["car", "house", "shop"]

train = pd.read_csv(sys.argv[1])
curved = np.column_stack([train["debt"], train["age"].fillna(0) ** 2])
x = np.column_stack([curved, *(train["kind"] == kind for kind in KINDS)]).astype(np.float64)
model = LogisticRegression().fit(x, train["defaulted"])

constants = {
    "zero": np.zeros(1, np.float32),
    "powers": np.array([1, 2], np.float32),
    "weights": model.coef_.T.astype(np.float32),
    "bias": model.intercept_.astype(np.float32),
}
nodes = [
    helper.make_node("IsNaN", ["numbers"], ["is_missing"]),
    helper.make_node("Where", ["is_missing", "zero", "numbers"], ["filled"]),
    helper.make_node("Pow", ["filled", "powers"], ["curved"]),
    helper.make_node("Concat", ["curved", "kinds"], ["features"], axis=1),
    helper.make_node("Gemm", ["features", "weights", "bias"], ["logit"]),
    helper.make_node("Sigmoid", ["logit"], ["probability"]),
]


def table(name: str, columns: int) -> onnx.ValueInfoProto:
    """Float32, (rows, columns)."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", columns])


graph = helper.make_graph(
    nodes,
    "loans",
    [table("numbers", 2), table("kinds", 3)],
    [table("probability", 1)],
    [numpy_helper.from_array(value, name) for name, value in constants.items()],
)
made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(made, full_check=True)
onnx.save(made, "model.onnx")
