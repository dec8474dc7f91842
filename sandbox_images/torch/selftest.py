"""Run inside the image, hardened: does a small network learn, and does it say the same from a file of weights?

This file runs in isolated mode (`-I`), so it starts the image's `python` once more, as a run does.
"""

import subprocess
import sys

WORK = """
import numpy, torch
from sklearn.metrics import roc_auc_score
from torch import nn

torch.manual_seed(1)
torch.use_deterministic_algorithms(True)
x = torch.randn(600, 2)
y = (x[:, 0] * x[:, 1] > 0).float()

def network():
    return nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1), nn.Flatten(0))

model = network()
optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
for _ in range(200):
    optimizer.zero_grad()
    nn.functional.binary_cross_entropy_with_logits(model(x[:400]), y[:400]).backward()
    optimizer.step()
torch.save(model.state_dict(), "/tmp/weights.pt")
again = network()
again.load_state_dict(torch.load("/tmp/weights.pt", weights_only=True))
with torch.no_grad():
    said = again(x[400:]).numpy()
    assert numpy.array_equal(said, model(x[400:]).numpy())
auc = roc_auc_score(y[400:].numpy(), said)
assert auc > 0.9, f"AUC {auc}"
assert torch.get_num_threads() == 1
assert not torch.cuda.is_available()
print(f"PyTorch {torch.__version__}, AUC {auc:.3f}")
"""

sys.exit(subprocess.run(["/usr/bin/env", "python", "-c", WORK], check=False).returncode)
