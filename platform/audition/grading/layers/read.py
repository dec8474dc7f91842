"""Read an exported image while it streams by: each layer becomes a list of what it brings and what it hides."""

import gzip
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import IO, Any, cast

from audition.grading.archives import StrictTarInfo
from audition.grading.layers.shapes import is_scanned, masked_secret

#: Over all layers, so that what is kept fits into memory. A base has 10,000 entries, an application seldom 50,000.
_MOST_ENTRIES = 300_000
_MOST_PATH_BYTES = 32 << 20
_MOST_PARTS = 64
_MOST_DOCUMENT = 4 << 20
_MOST_DOCUMENTS = 2000
_MOST_DOCUMENT_BYTES = 32 << 20
_MOST_SECRETS = 200
#: A layer that is compressed may not become more than this.
_MOST_LAYER_BYTES = 8 << 30
_CHUNK = 1 << 20
_BUFFER = 1 << 18
_HEAD = 512
_GZIP = b"\x1f\x8b"
_EMPTY = bytes(_HEAD)
#: Names that hide what lies below. Source: OCI image specification, layer.md, "Whiteouts".
_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"


class TooMuchError(Exception):
    """The image has more in it than is looked at; the argument says of what."""


@dataclass(frozen=True, slots=True)
class FileFact:
    """One entry of a layer."""

    size: int
    mode: int
    """Permissions, with setuid, setgid and sticky bits."""
    digest: bytes
    """SHA-256 of a regular file; empty for everything else."""
    is_folder: bool = False


@dataclass(slots=True)
class Layer:
    """What one layer brings and hides."""

    entries: dict[str, FileFact] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)
    """Paths below that it takes away."""
    emptied: list[str] = field(default_factory=list)
    """Folders below whose content it takes away."""
    secrets: dict[str, str] = field(default_factory=dict)
    """Path to what the secret in it looks like, masked."""
    bytes: int = 0
    files: int = 0


@dataclass(slots=True)
class Export:
    """What an engine exported."""

    layers: dict[str, Layer] = field(default_factory=dict)
    """By name in the tar."""
    links: dict[str, str] = field(default_factory=dict)
    """Name in the tar to the name that it stands for."""
    documents: dict[str, bytes] = field(default_factory=dict)


class Reader:
    """Reads one export; counts over all layers."""

    def __init__(self) -> None:
        """Nothing was read."""
        self.export = Export()
        self._seen = 0
        self._path_bytes = 0
        self._document_bytes = 0

    def read(self, stream: IO[bytes]) -> Export:
        """Read to the end of the archive.

        Raises:
            TooMuchError: There is more than is looked at.
            Exception: One of `archives.DAMAGE`, when the bytes are no sound archive.
        """
        with _opened(stream) as outer:
            for info in self._entries_of(outer):
                if info.issym() or info.islnk():
                    self.export.links[info.name] = info.linkname
                elif content := outer.extractfile(info) if info.isfile() else None:
                    self._take(info, content)
        return self.export

    def _take(self, info: tarfile.TarInfo, content: IO[bytes]) -> None:
        head = content.read(_HEAD)
        whole = cast("IO[bytes]", _Joined(head, content))
        if head.startswith(_GZIP):
            plain = cast("IO[bytes]", _Bounded(cast("IO[bytes]", gzip.GzipFile(fileobj=whole))))
            self.export.layers[info.name] = self._layer(plain)
        elif head[257:262] == b"ustar" or head == _EMPTY:
            self.export.layers[info.name] = self._layer(whole)
        elif info.size <= _MOST_DOCUMENT and len(self.export.documents) < _MOST_DOCUMENTS:
            self._document_bytes += info.size
            if self._document_bytes > _MOST_DOCUMENT_BYTES:
                msg = "its documents are too large"
                raise TooMuchError(msg)
            self.export.documents[info.name] = head + content.read()

    def _layer(self, stream: IO[bytes]) -> Layer:
        layer = Layer()
        with _opened(stream) as inner:
            for info in self._entries_of(inner):
                if path := _plain(info.name):
                    self._add(layer, path, info, inner)
        return layer

    def _add(self, layer: Layer, path: str, info: tarfile.TarInfo, tar: tarfile.TarFile) -> None:
        folder, _, name = path.rpartition("/")
        if name == _OPAQUE:
            layer.emptied.append(folder)
        elif name.startswith(_WHITEOUT):
            layer.hidden.append(f"{folder}/{name[len(_WHITEOUT) :]}".lstrip("/"))
        elif info.isfile() and (content := tar.extractfile(info)):
            digest = self._digest(layer, path, info, content)
            layer.entries[path] = FileFact(info.size, info.mode & 0o7777, digest)
            layer.bytes += info.size
            layer.files += 1
        else:
            # A hard link is another name of a file that this layer has: it takes no room of its own.
            target = layer.entries.get(_plain(info.linkname)) if info.islnk() else None
            digest = target.digest if target else b""
            mode = info.mode & 0o7777 if info.isdir() or info.islnk() else 0
            layer.entries[path] = FileFact(0, mode, digest, is_folder=info.isdir())

    def _digest(self, layer: Layer, path: str, info: tarfile.TarInfo, content: IO[bytes]) -> bytes:
        digest = sha256()
        wants_text = is_scanned(path, info.size) and len(layer.secrets) < _MOST_SECRETS
        text = b""
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            text += chunk if wants_text else b""
        if wants_text and (found := masked_secret(path, text)):
            layer.secrets[path] = found
        return digest.digest()

    def _entries_of(self, tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
        while (info := tar.next()) is not None:
            cast("Any", tar).members.clear()  # It would keep every entry that it has seen.
            self._count(info.name)
            yield info

    def _count(self, name: str) -> None:
        self._seen += 1
        self._path_bytes += len(name)
        if self._seen > _MOST_ENTRIES:
            raise TooMuchError(f"it has more than {_MOST_ENTRIES:,} files")
        if self._path_bytes > _MOST_PATH_BYTES:
            msg = "its file names are too long"
            raise TooMuchError(msg)


def _opened(stream: IO[bytes]) -> tarfile.TarFile:
    # "r|" reads forward only: no seeking to offsets that a header made up.
    return tarfile.open(fileobj=stream, mode="r|", bufsize=_BUFFER, tarinfo=StrictTarInfo)


def _plain(name: str) -> str:
    """A path from the root, without a slash before it; empty for the root itself and for what is no such path."""
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if len(parts) > _MOST_PARTS:
        msg = "its folders are too deep"
        raise TooMuchError(msg)
    return "" if ".." in parts else "/".join(parts)


class _Joined(io.RawIOBase):
    """Bytes that were read already, and those that follow them."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        super().__init__()
        self._head = head
        self._rest = rest

    def read(self, size: int = -1, /) -> bytes:
        if not self._head:
            return self._rest.read(size)
        data, self._head = (self._head, b"") if size < 0 else (self._head[:size], self._head[size:])
        return data


class _Bounded(io.RawIOBase):
    """What comes out of a decompressor, which may be a bomb."""

    def __init__(self, plain: IO[bytes]) -> None:
        super().__init__()
        self._plain = plain
        self._left = _MOST_LAYER_BYTES

    def read(self, size: int = -1, /) -> bytes:
        data = self._plain.read(min(size, _CHUNK) if size >= 0 else _CHUNK)
        self._left -= len(data)
        if self._left < 0:
            msg = "a layer is too large"
            raise TooMuchError(msg)
        return data
