"""Run inside the image, hardened: does a small Keras network learn, and does it say the same from its file?

This file runs in isolated mode (`-I`), so it starts the image's `python` once more, as a run does.
"""

import subprocess
import sys

WORK = """
import keras, numpy
import tensorflow as tf
from sklearn.metrics import roc_auc_score

keras.utils.set_random_seed(1)
x = numpy.random.default_rng(1).normal(size=(600, 2)).astype("float32")
y = (x[:, 0] * x[:, 1] > 0).astype("float32")
layers = [keras.Input((2,)), keras.layers.Dense(16, "tanh"), keras.layers.Dense(1, "sigmoid")]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
model.fit(x[:400], y[:400], batch_size=50, epochs=30, verbose=0)
model.save("/tmp/model.keras")
said = keras.saving.load_model("/tmp/model.keras").predict(x[400:], verbose=0)
assert numpy.allclose(said, model.predict(x[400:], verbose=0))
auc = roc_auc_score(y[400:], said.ravel())
assert auc > 0.9, f"AUC {auc}"
assert not tf.config.list_physical_devices("GPU")
print(f"TensorFlow {tf.__version__}, Keras {keras.__version__}, AUC {auc:.3f}")
"""

sys.exit(subprocess.run(["/usr/bin/env", "python", "-c", WORK], check=False).returncode)
