"""Run inside the image, hardened: do both libraries learn something, and say it again from a file?

This file runs in isolated mode (`-I`), so it starts the image's `python` once more, as a run does.
"""

import subprocess
import sys

WORK = """
import lightgbm, numpy, xgboost
from sklearn.metrics import roc_auc_score

rng = numpy.random.default_rng(1)
x = rng.normal(size=(600, 4))
y = (x[:, 0] * x[:, 1] + rng.normal(scale=0.3, size=600) > 0.1).astype(int)

trees = xgboost.XGBClassifier(n_estimators=60, max_depth=3, n_jobs=1, random_state=1).fit(x[:400], y[:400])
trees.save_model("/tmp/trees.ubj")
again = xgboost.XGBClassifier()
again.load_model("/tmp/trees.ubj")
first = roc_auc_score(y[400:], again.predict_proba(x[400:])[:, 1])

settings = {"objective": "binary", "num_threads": 1, "verbose": -1, "seed": 1}
model = lightgbm.train(settings, lightgbm.Dataset(x[:400], y[:400]), num_boost_round=60)
model.save_model("/tmp/model.txt")
second = roc_auc_score(y[400:], lightgbm.Booster(model_file="/tmp/model.txt").predict(x[400:]))

assert min(first, second) > 0.85, f"AUC {first}, {second}"
print(f"XGBoost {xgboost.__version__} AUC {first:.3f}, LightGBM {lightgbm.__version__} AUC {second:.3f}")
"""

sys.exit(subprocess.run(["/usr/bin/env", "python", "-c", WORK], check=False).returncode)
