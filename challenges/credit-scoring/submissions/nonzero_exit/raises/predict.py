"""Fails with an ordinary exception: the model file was forgotten."""

from pathlib import Path

model = Path(__file__).with_name("model.joblib").read_bytes()
