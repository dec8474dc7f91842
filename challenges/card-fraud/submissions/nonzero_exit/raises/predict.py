"""Fails with an ordinary exception: a file was forgotten."""

from pathlib import Path

model = Path(__file__).with_name("model.json").read_bytes()
