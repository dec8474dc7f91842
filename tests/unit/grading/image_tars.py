"""Exports of images as an engine makes them, written by hand: honest ones, and some that no engine would make."""

import gzip
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Item:
    """One entry of a layer."""

    path: str
    content: bytes = b""
    mode: int = 0o644
    kind: bytes = tarfile.REGTYPE
    target: str = ""
    mtime: int = 0


def folder(path: str, mode: int = 0o755) -> Item:
    return Item(path, mode=mode, kind=tarfile.DIRTYPE)


def tar_of(items: Iterable[Item]) -> bytes:
    """A tar, pax form as engines write it."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for item in items:
            info = tarfile.TarInfo(item.path)
            info.size, info.mode, info.type = len(item.content), item.mode, item.kind
            info.linkname, info.mtime = item.target, item.mtime
            tar.addfile(info, io.BytesIO(item.content))
    return sink.getvalue()


def export(
    *images: list[list[Item]], commands: list[str] | None = None, compress: bool = False
) -> io.BytesIO:
    """Images of layers, the lowest first; layers that are equal are stored once, as engines do it."""
    items: dict[str, Item] = {}
    links: list[Item] = []
    listed: list[Mapping[str, Any]] = []
    stored: dict[bytes, str] = {}
    for number, layers in enumerate(images):
        names = []
        for index, layer in enumerate(layers):
            data = tar_of(layer)
            # Names say nothing of the order: engines name layers by digests.
            name = f"{(index * 7 + number) % 10}{number}{index}/layer.tar"
            names.append(name)
            if data in stored and stored[data] != name:
                links.append(Item(name, kind=tarfile.SYMTYPE, target=f"../{stored[data]}"))
            else:
                stored[data] = name
                items[name] = Item(name, gzip.compress(data) if compress else data)
        steps = [
            {"created_by": command}
            for command in commands or [f"/bin/sh -c step {n}" for n, _ in enumerate(layers)]
        ]
        history = [steps[0], {"created_by": "/bin/sh -c #(nop)  ENV A=1", "empty_layer": True}, *steps[1:]]
        config = f"config{number}.json"
        items[config] = Item(config, json.dumps({"history": history}).encode())
        listed.append({"Config": config, "RepoTags": ["x:y"], "Layers": names})
    manifest = Item("manifest.json", json.dumps(listed).encode())
    versions = [Item("000/VERSION", b"1.0"), Item("repositories", b"{}")]
    ordered = sorted([*items.values(), *links, *versions], key=lambda item: item.path)
    return io.BytesIO(tar_of([*ordered, manifest]))
