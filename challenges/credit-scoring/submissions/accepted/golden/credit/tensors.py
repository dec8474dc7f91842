"""The safetensors format in few lines: a header in JSON, then numbers. It holds no code, so reading it runs none."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
_TYPES = {"F64": np.dtype("<f8"), "I32": np.dtype("<i4"), "U8": np.dtype("u1")}
_NAMES = {kind: name for name, kind in _TYPES.items()}
_LENGTH = 8
_MOST_HEADER = 1 << 20


def write(path: Path, arrays: Mapping[str, Array], notes: Mapping[str, str]) -> None:
    """Write named arrays and named texts; the same content gives the same bytes."""
    header: dict[str, Any] = {"__metadata__": dict(sorted(notes.items()))}
    body = b""
    for name, array in sorted(arrays.items()):
        data = np.ascontiguousarray(array).tobytes()
        place = [len(body), len(body) + len(data)]
        header[name] = {"dtype": _NAMES[array.dtype], "shape": list(array.shape), "data_offsets": place}
        body += data
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _LENGTH)
    path.write_bytes(len(text).to_bytes(_LENGTH, "little") + text + body)


def read(path: Path) -> tuple[dict[str, Array], dict[str, str]]:
    """Arrays and texts of a file.

    Raises:
        ValueError: It is no such file, or only a part of one.
    """
    data = path.read_bytes()
    length = int.from_bytes(data[:_LENGTH], "little")
    if len(data) < _LENGTH or not 0 < length <= min(_MOST_HEADER, len(data) - _LENGTH):
        msg = f"{path} is no model file."
        raise ValueError(msg)
    header = json.loads(data[_LENGTH : _LENGTH + length])
    body = memoryview(data)[_LENGTH + length :]
    notes = header.pop("__metadata__", {})
    arrays = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        arrays[name] = np.frombuffer(body[begin:end], _TYPES[entry["dtype"]]).reshape(entry["shape"])
    return arrays, notes
