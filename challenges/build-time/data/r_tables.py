"""Data frames out of a Debian package of R data, with Python's own library: no R, no unpickling, no program run.

A `.deb` is an `ar` archive with a compressed tar inside. R keeps a package's tables as lazy-load files: `Rdata.rdx`, a
compressed index, gives offset and length of each object in `Rdata.rdb`; an object is a 4-byte big-endian size, a letter
for the compression where it is not zlib, and R's serialization, of which only what data frames are made of is read.

Source of the format: "R Internals", section 1.8 (serialization formats).
"""

import io
import lzma
import struct
import tarfile
import zlib
from pathlib import Path
from typing import Any

AR_MAGIC = b"!<arch>\n"
AR_HEADER_BYTES = 60
ZLIB_OR_GZIP = 47
MISSING_INT = -(2**31)

Columns = dict[str, list[Any]]


class UnreadableError(Exception):
    """The file holds something that is not read here; the message says what."""


def read_frame(package: Path, base: str, name: str) -> Columns:
    """One data frame of a package, as columns by name; missing is None, levels of a factor are their texts.

    Args:
        package: The `.deb`.
        base: Path inside it of the lazy-load files without their endings, e.g. "usr/lib/R/…/data/Rdata".
        name: Of the object.

    Raises:
        UnreadableError: It holds something else than is read here.
    """
    files = members(package, {f"./{base}.rdx", f"./{base}.rdb"})
    index = _Reader(_inflate(files[f"./{base}.rdx"])).document()
    offset, length = (int(number) for number in index["variables"][name])
    stored = files[f"./{base}.rdb"][offset + 4 : offset + length]
    frame: Columns = _Reader(_inflate(stored)).document()
    return frame


def members(package: Path, names: set[str]) -> dict[str, bytes]:
    """Contents of some files of a Debian package by their names in it."""
    data = package.read_bytes()
    if not data.startswith(AR_MAGIC):
        msg = f"{package.name} is no Debian package."
        raise UnreadableError(msg)
    place = len(AR_MAGIC)
    while place < len(data):
        header = data[place : place + AR_HEADER_BYTES]
        size = int(header[48:58])
        start = place + AR_HEADER_BYTES
        if header.startswith(b"data.tar"):
            with tarfile.open(fileobj=io.BytesIO(data[start : start + size]), mode="r:*") as archive:
                return {name: _file(archive, name) for name in sorted(names)}
        place = start + size + size % 2
    msg = f"{package.name} holds no data.tar."
    raise UnreadableError(msg)


def _file(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        msg = f"{name} is not a file."
        raise UnreadableError(msg)
    return file.read()


def _inflate(stored: bytes) -> bytes:
    if stored[:1] == b"Z":
        # R writes LZMA2 without a container, with the filters of preset 6.
        filters = [{"id": lzma.FILTER_LZMA2, "preset": 6}]
        return lzma.decompress(stored[1:], format=lzma.FORMAT_RAW, filters=filters)
    return zlib.decompress(stored, wbits=ZLIB_OR_GZIP)


class _Reader:
    """R's binary serialization, big-endian, versions 2 and 3."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0
        self._references: list[Any] = []

    def document(self) -> Any:  # noqa: ANN401  whatever R wrote
        """The value of the whole stream."""
        if self._take(2) != b"X\n":
            msg = "Not R's binary serialization."
            raise UnreadableError(msg)
        version, _, _ = self._ints(3)
        if version > 2:
            self._take(self._ints(1)[0])  # the name of the encoding
        return self._value()

    def _take(self, count: int) -> bytes:
        piece = self._data[self._place : self._place + count]
        if len(piece) < count:
            msg = "The stream ends early."
            raise UnreadableError(msg)
        self._place += count
        return piece

    def _ints(self, count: int) -> tuple[int, ...]:
        return struct.unpack(f">{count}i", self._take(4 * count))

    def _value(self) -> Any:  # noqa: ANN401
        flags = self._ints(1)[0]
        kind, has_attributes, has_tag = flags & 0xFF, bool(flags & 0x200), bool(flags & 0x400)
        if kind in {254, 242, 253, 241}:  # NULL, and environments that every R has
            return None
        if kind == 255:
            return self._references[(flags >> 8 or self._ints(1)[0]) - 1]
        if kind == 1:
            self._references.append(self._value())
            return self._references[-1]
        if kind == 2:
            return self._pairs(has_attributes=has_attributes, has_tag=has_tag)
        if kind == 238:
            return self._compact()
        value = self._vector(kind)
        attributes = self._value() if has_attributes else {}
        return _named(value, attributes or {})

    def _vector(self, kind: int) -> Any:  # noqa: ANN401
        count = self._ints(1)[0]
        if kind == 9:
            return None if count < 0 else self._take(count).decode("latin-1")
        if kind in {10, 13}:
            return [None if number == MISSING_INT else number for number in self._ints(count)]
        if kind == 14:
            numbers = struct.unpack(f">{count}d", self._take(8 * count))
            return [None if number != number else number for number in numbers]  # noqa: PLR0124  NaN alone
        if kind in {16, 19}:
            return [self._value() for _ in range(count)]
        msg = f"Objects of kind {kind} are not read here."
        raise UnreadableError(msg)

    def _pairs(self, *, has_attributes: bool, has_tag: bool) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while True:
            if has_attributes:
                self._value()
            tag = self._value() if has_tag else f"[{len(found)}]"
            found[tag] = self._value()
            flags = self._ints(1)[0]
            if flags & 0xFF != 2:
                return found
            has_attributes, has_tag = bool(flags & 0x200), bool(flags & 0x400)

    def _compact(self) -> Any:  # noqa: ANN401
        """A vector that R keeps in another form: a run of whole numbers, or one with a note on it."""
        about, state, _ = self._value(), self._value(), self._value()
        if "compact_intseq" in about.values():
            count, first, step = (int(number) for number in state)
            return [first + step * place for place in range(count)]
        return state["[0]"] if isinstance(state, dict) else state[0]


def _named(value: Any, attributes: dict[str, Any]) -> Any:  # noqa: ANN401
    if "levels" in attributes:
        return [None if code is None else attributes["levels"][code - 1] for code in value]
    if "names" in attributes:
        return dict(zip(attributes["names"], value, strict=True))
    return value
