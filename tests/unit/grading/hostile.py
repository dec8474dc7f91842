"""Hostile archives, one function each: takes the path to write and writes it.

`CASES` names for each what the refusal must say; the words must hold the entry's name and what to do.
"""

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

MAX_BYTES = 1 << 20
MAX_ENTRIES = 50
Build = Callable[[Path], None]


def zip_of(*names: str, content: bytes = b"x", method: int = zipfile.ZIP_STORED) -> Build:
    """A zip with these files."""

    def build(path: Path) -> None:
        with zipfile.ZipFile(path, "w", method) as archive:
            for name in names:
                archive.writestr(_raw(name), content, method)

    return build


def _raw(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("placeholder")
    info.filename = name  # The constructor would clean the name.
    info.create_system = 3
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    return info


def zip_mode(name: str, mode: int, content: bytes = b"/etc/passwd") -> Build:
    """A zip with one entry of a given Unix mode."""

    def build(path: Path) -> None:
        info = _raw(name)
        info.external_attr = mode << 16
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(info, content)

    return build


def tar_of(*members: tarfile.TarInfo | str, compression: str = "", **options: object) -> Build:
    """A tar with these members; a name stands for a file with one byte."""

    def build(path: Path) -> None:
        with tarfile.open(path, f"w:{compression}", **options) as archive:  # type: ignore[call-overload]
            for member in members:
                info = tar_file(member) if isinstance(member, str) else member
                archive.addfile(info, io.BytesIO(b"x" * info.size))

    return build


def tar_file(name: str, size: int = 1, mode: int = 0o644) -> tarfile.TarInfo:
    """A regular file."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, mode
    return info


def tar_special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    """A link, device or pipe."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def raw(content: bytes) -> Build:
    """Any bytes."""

    def build(path: Path) -> None:
        path.write_bytes(content)

    return build


def patched(build: Build, change: Callable[[bytearray], None]) -> Build:
    """An archive with some bytes changed."""

    def rebuild(path: Path) -> None:
        build(path)
        data = bytearray(path.read_bytes())
        change(data)
        path.write_bytes(data)

    return rebuild


def _encrypt_flag(data: bytearray) -> None:
    data[6] |= 1  # Flags of the local header.
    data[data.index(b"PK\x01\x02") + 8] |= 1  # Flags in the directory.


def _strange_method(data: bytearray) -> None:
    struct.pack_into("<H", data, 8, 99)
    struct.pack_into("<H", data, data.index(b"PK\x01\x02") + 10, 99)


def _claim_small(data: bytearray) -> None:
    """Sizes that lie: the entry says that it holds ten bytes."""
    struct.pack_into("<I", data, 22, 10)
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 10)


def _overlap(data: bytearray) -> None:
    """Both entries of the directory point at the first one's bytes."""
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    struct.pack_into("<I", data, second + 42, 0)


def _bad_utf8(data: bytearray) -> None:
    start = data.index(b"PK\x01\x02")
    data[start + 9] |= 0x08  # "The name is UTF-8" ...
    data[start + 46] = 0xFF  # ... which it is not.


def _header(info: tarfile.TarInfo) -> bytes:
    return info.tobuf(tarfile.GNU_FORMAT)


def _giant_pax(path: Path) -> None:
    """A long header of a gigabyte of zeros, a thousand times smaller on disk."""
    info = tar_special("pax", tarfile.XHDTYPE)
    info.size = 1 << 30
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(_header(info))
        stream.write(bytes(4 << 20))  # Reading stops at the claim; the rest need not be there.


def _slow_bomb(path: Path) -> None:
    """Megabytes behind a refused entry: they are skipped, and still count."""
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(_header(tar_file("/refused", 1 << 30)))
        for _ in range(8):
            stream.write(bytes(1 << 20))


def _negative_pax(path: Path) -> None:
    info = tar_file("model.bin", 600)
    info.pax_headers = {"size": "-4096"}
    tar_of(info, "b", format=tarfile.PAX_FORMAT)(path)


def _bad_sparse(path: Path) -> None:
    info = tar_file("s", 1024)
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "9"}
    tar_of(info, format=tarfile.PAX_FORMAT)(path)


def _old_sparse(path: Path) -> None:
    info = tar_special("s.bin", tarfile.GNUTYPE_SPARSE)
    path.write_bytes(_header(info) + bytes(1024))


def _nested_zeros(path: Path) -> None:
    """A thousand to one, inside a tar inside bzip2."""
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w") as archive:
        archive.addfile(tar_file("zeros.bin", 8 << 20), io.BytesIO(bytes(8 << 20)))
    path.write_bytes(bz2.compress(inner.getvalue()))


def _hungry_xz(path: Path) -> None:
    """An xz stream whose dictionary needs more memory than anyone's solution does."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 17}]
    data = bytearray(lzma.compress(bytes(4096), lzma.FORMAT_XZ, filters=filters))
    at = 12 + 4  # Stream header, then block header: size, flags, filter id, length, dictionary size.
    data[at] = 40  # 4 GiB - 1
    struct.pack_into("<I", data, 12 + 8, __import__("zlib").crc32(bytes(data[12:20])))
    path.write_bytes(data)


def _many_directory_entries(path: Path) -> None:
    """A directory of 60,000 entries; each costs far more memory than its 47 bytes."""
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    count = 60_000
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0, 0, len(entry) * count, 4, 0)
    path.write_bytes(b"PK\x03\x04" + entry * count + end)


_DEEP = "/".join("d" * 100)

CASES: dict[str, tuple[Build, tuple[str, ...]]] = {
    "zip absolute path": (zip_of("/etc/cron.d/x"), ("'/etc/cron.d/x'", "absolute path; use paths relative")),
    "zip parent folder": (zip_of("a/../../x.py"), ("'a/../../x.py'", "'..'; use paths inside")),
    "zip drive letter": (zip_of("C:evil.py"), ("'C:evil.py'", "absolute path")),
    "zip backslash": (zip_of("a\\..\\b"), ("backslash", "use forward slashes")),
    "zip UNC path": (zip_of("\\\\host\\share"), ("absolute path",)),
    "zip NUL byte": (zip_of("a\0.py"), (r"'a\x00.py'", "control characters", "rename it")),
    "zip control characters": (zip_of("a\x1b[2J.py"), (r"'a\x1b[2J.py'", "rename it")),
    "zip path too long": (zip_of("d/" * 120 + "f"), ("longer than 240 bytes; shorten it",)),
    "zip symbolic link": (
        zip_mode("link", stat.S_IFLNK | 0o777),
        ("'link' is a symbolic link", "put the file"),
    ),
    "zip device": (zip_mode("sda", stat.S_IFBLK | 0o644), ("'sda' is not a regular file", "leave it out")),
    "zip pipe": (zip_mode("pipe", stat.S_IFIFO | 0o644), ("'pipe' is not a regular file",)),
    "zip socket": (zip_mode("sock", stat.S_IFSOCK | 0o644), ("'sock' is not a regular file",)),
    "zip duplicate": (zip_of("a.py", "./a.py"), ("'a.py' is in the archive twice; keep one",)),
    "zip file then folder": (zip_of("a", "a/b"), ("'a' is a folder and a file at once; rename",)),
    "zip folder then file": (zip_of("a/b", "a"), ("'a' is a folder and a file at once",)),
    "zip file under file": (zip_of("a", "a/b/c"), ("is a folder and a file at once",)),
    "zip too many entries": (zip_of(*map(str, range(51))), ("more than 50 entries", "Leave out")),
    "zip too many folders": (zip_of(f"{_DEEP}/x"), ("more than 50 folders",)),
    "zip enormous directory": (_many_directory_entries, ("directory takes 2,820,000 bytes", "50 entries")),
    "zip too large": (
        zip_of("big.bin", content=bytes(2 << 20)),
        ("more than 1 MiB", "'big.bin'", "Leave out"),
    ),
    "zip bomb": (
        zip_of("z", content=bytes(8 << 20), method=zipfile.ZIP_DEFLATED),
        ("more than 1 MiB", "'z'"),
    ),
    "zip lying size": (
        patched(zip_of("z", content=bytes(8 << 20), method=zipfile.ZIP_DEFLATED), _claim_small),
        ("'z' is damaged", "test it"),
    ),
    "zip encrypted": (patched(zip_of("secret.py"), _encrypt_flag), ("'secret.py' is encrypted", "password")),
    "zip unknown method": (
        patched(zip_of("odd.py"), _strange_method),
        ("'odd.py' is compressed with method 99",),
    ),
    "zip lzma": (zip_of("l.py", method=zipfile.ZIP_LZMA), ("'l.py' is compressed with method 14", "deflate")),
    "zip overlapping entries": (
        patched(zip_of("a", "b"), _overlap),
        ("shares its bytes with another entry",),
    ),
    "zip broken UTF-8": (patched(zip_of("a.py"), _bad_utf8), ("damaged", "Pack it again")),
    "zip wrong checksum": (
        patched(zip_of("a.py", content=b"good"), lambda data: data.__setitem__(34 + 1, 0x21)),
        ("'a.py' is damaged", "Pack it again"),
    ),
    "zip only junk": (zip_of("__MACOSX/._a", ".DS_Store", "x/._y"), ("holds no files",)),
    "zip empty": (zip_of(), ("holds no files",)),
    "tar absolute path": (tar_of("/etc/passwd"), ("'/etc/passwd'", "absolute path")),
    "tar parent folder": (tar_of("../x"), ("'../x'", "'..'")),
    "tar drive letter": (tar_of("d:/x"), ("'d:/x'", "absolute path")),
    "tar backslash": (tar_of("a\\b"), ("backslash",)),
    "tar control characters": (tar_of("a\nb"), (r"'a\nb'", "control characters")),
    "tar surrogates": (tar_of("caf\udce9.py"), (r"'caf\udce9.py'", "broken text", "rename it")),
    "tar path too long": (tar_of("n" * 241), ("longer than 240 bytes",)),
    "tar symbolic link": (tar_of(tar_special("l", tarfile.SYMTYPE, "/etc")), ("'l' is a symbolic link",)),
    "tar link, then a file through it": (
        tar_of(tar_special("l", tarfile.SYMTYPE, "/tmp"), "l/evil"),
        ("'l' is a symbolic link",),
    ),
    "tar hard link": (
        tar_of("a", tar_special("h", tarfile.LNKTYPE, "a")),
        ("'h' is a hard link", "pack a copy"),
    ),
    "tar character device": (tar_of(tar_special("null", tarfile.CHRTYPE)), ("'null' is not a regular file",)),
    "tar block device": (tar_of(tar_special("sda", tarfile.BLKTYPE)), ("'sda' is not a regular file",)),
    "tar pipe": (tar_of(tar_special("p", tarfile.FIFOTYPE)), ("'p' is not a regular file", "leave it out")),
    "tar unknown type": (tar_of(tar_special("u", b"Z")), ("'u' is not a regular file",)),
    "tar sparse": (_old_sparse, ("'s.bin' is stored as a sparse file",)),
    "tar broken sparse map": (_bad_sparse, ("damaged",)),
    "tar duplicate": (tar_of("a", "a"), ("'a' is in the archive twice",)),
    "tar file then folder": (tar_of("a", "a/b"), ("'a' is a folder and a file at once",)),
    "tar folder then file": (tar_of(tar_special("a", tarfile.DIRTYPE), "a"), ("'a' is a folder and a file",)),
    "tar too many entries": (tar_of(*map(str, range(51))), ("more than 50 entries",)),
    "tar too large": (tar_of(tar_file("big", 2 << 20)), ("more than 1 MiB", "'big'")),
    "tar.gz bomb": (tar_of(tar_file("big", 8 << 20), compression="gz"), ("more than 1 MiB",)),
    "tar.bz2 bomb": (_nested_zeros, ("more than 1 MiB", "'zeros.bin'")),
    "tar.gz giant long header": (_giant_pax, ("claims 1,073,741,824 bytes",)),
    "tar.gz giant refused entry": (_slow_bomb, ("'/refused' has an absolute path", "more than 1 MiB")),
    "tar negative size": (_negative_pax, ("damaged",)),
    "tar.xz giant dictionary": (_hungry_xz, ("damaged", "emory")),
    "tar.gz of something else": (raw(gzip.compress(b"a,b\n" * 500)), ("damaged", "header")),
    "tar damaged header": (
        patched(tar_of("a", "b"), lambda data: data.__setitem__(1024 + 5, 0x41)),
        ("damaged", "header"),
    ),
    "tar empty": (tar_of(compression="gz"), ("holds no files",)),
    "PNG": (
        raw(b"\x89PNG\r\n\x1a\n" + bytes(300)),
        ("neither a zip nor a tar", "89 50 4e 47", "Send a .zip"),
    ),
    "text": (raw(b"print('hello')\n" * 40), ("neither a zip nor a tar",)),
    "no bytes": (raw(b""), ("neither a zip nor a tar archive (it is empty)",)),
    "zeros": (raw(bytes(10_240)), ("neither a zip nor a tar",)),
    "RAR": (raw(b"Rar!\x1a\x07\x00" + bytes(64)), ("neither a zip nor a tar",)),
    "zip magic only": (raw(b"PK\x03\x04"), ("damaged",)),
    "gzip magic only": (raw(b"\x1f\x8b"), ("damaged",)),
    "bzip2 magic only": (raw(b"BZh9"), ("damaged",)),
    "xz magic only": (raw(b"\xfd7zXZ\0"), ("damaged",)),
}
