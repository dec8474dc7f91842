"""Run inside the image, hardened: does the runtime load a model from its bytes and compute what it says?

The model is written here byte by byte, because what writes such files is not in the image: y = sigmoid(x), named as
its format wants (onnx.proto, opset 13). This file runs in isolated mode (`-I`), so it starts the image's `python`.
"""

import subprocess
import sys

WORK = """
import numpy, onnxruntime

def field(number, content):
    if isinstance(content, int):
        return bytes([number << 3, content])
    return bytes([number << 3 | 2, len(content)]) + content

def place(name):
    rows_and_columns = field(1, field(2, b"n")) + field(1, field(1, 2))
    tensor = field(1, 1) + field(2, rows_and_columns)
    return field(1, name) + field(2, field(1, tensor))

node = field(1, b"x") + field(2, b"y") + field(4, b"Sigmoid")
graph = field(1, node) + field(2, b"g") + field(11, place(b"x")) + field(12, place(b"y"))
model = field(1, 8) + field(7, graph) + field(8, field(1, b"") + field(2, 13))

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
x = numpy.array([[0.0, 1.0], [-2.0, 3.0]], dtype=numpy.float32)
[y] = session.run(None, {"x": x})
assert numpy.allclose(y, 1 / (1 + numpy.exp(-x)), atol=1e-6), y
print(f"ONNX Runtime {onnxruntime.__version__}, y = {y.ravel().round(3).tolist()}")
"""

sys.exit(subprocess.run(["/usr/bin/env", "python", "-c", WORK], check=False).returncode)
