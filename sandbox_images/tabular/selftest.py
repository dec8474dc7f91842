"""Run inside the image, hardened: does the scientific stack do a small piece of real work?

This file runs in isolated mode (`-I`), so it starts the image's `python` once more, as a run does.
"""

import subprocess
import sys

WORK = """
import io, os, sys
import joblib, numpy, pandas, pyarrow, sklearn
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

rng = numpy.random.default_rng(1)
x = rng.normal(size=(600, 4))
y = (x[:, 0] + x[:, 1] ** 2 + rng.normal(scale=0.5, size=600) > 0.8).astype(int)
model = HistGradientBoostingClassifier(random_state=1).fit(x[:400], y[:400])
store = io.BytesIO()
joblib.dump(model, store)
store.seek(0)
auc = roc_auc_score(y[400:], joblib.load(store).predict_proba(x[400:])[:, 1])
table = io.BytesIO()
pandas.DataFrame({"id": range(3), "score": [0.1, 0.2, 0.3]}).to_parquet(table)
table.seek(0)
assert auc > 0.85, f"AUC {auc}"
assert pandas.read_parquet(table)["score"].sum() > 0.59
assert sys.prefix == "/opt/venv", sys.prefix
assert os.environ["OMP_NUM_THREADS"] == "1"
print(f"numpy {numpy.__version__}, pandas {pandas.__version__}, scikit-learn {sklearn.__version__}, "
      f"pyarrow {pyarrow.__version__}, AUC {auc:.3f}")
"""

sys.exit(subprocess.run(["/usr/bin/env", "python", "-c", WORK], check=False).returncode)
