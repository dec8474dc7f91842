"""Make `raw/credit_data.csv` again from the Debian package named in `sources.toml`, and check its digest.

The package keeps its tables in R's lazy-load format: `Rdata.rdx` is a compressed index that gives, for each
object, offset and length in `Rdata.rdb`. An object is a 4-byte big-endian size, one byte for the kind of
compression ("Z": raw LZMA2) and the compressed stream, which holds R's serialization. Nothing is executed
and R is not needed. Needs the `rdata` package and `dpkg`.

    apt-get download r-cran-modeldata
    python data/extract.py r-cran-modeldata_1.1.0-1_all.deb
"""

import argparse
import csv
import hashlib
import io
import lzma
import math
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import rdata

HERE = Path(__file__).resolve().parent
SIZE_BYTES = 4


def unpack(package: Path, folder: Path) -> None:
    """Unpack a Debian package without installing it."""
    subprocess.run(["dpkg", "-x", str(package), str(folder)], check=True)  # noqa: S603, S607


def decompress(stored: bytes) -> bytes:
    """Decompress an object; R writes LZMA2 without a container, with the filters of preset 6.

    Raises:
        ValueError: Another kind of compression.
    """
    if stored[:1] != b"Z":
        msg = f"The object is compressed as {stored[:1]!r}; only R's raw LZMA2 (b'Z') is read here."
        raise ValueError(msg)
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 6}]
    return lzma.decompress(stored[1:], format=lzma.FORMAT_RAW, filters=filters)


def read_lazy_load(base: Path, name: str) -> Mapping[str, Any]:
    """Read one data frame of an R lazy-load database, as columns by name.

    Args:
        base: Path of the database without its ending, e.g. `.../data/Rdata`.
        name: Name of the object.
    """
    index = rdata.conversion.convert(rdata.parser.parse_data(base.with_suffix(".rdx").read_bytes()))
    offset, length = (int(number) for number in index["variables"][name])
    stored = base.with_suffix(".rdb").read_bytes()[offset + SIZE_BYTES : offset + length]
    frame = rdata.conversion.convert(rdata.parser.parse_data(decompress(stored)))
    return {str(column): list(frame[column]) for column in frame.columns}


def cell(value: object) -> str:
    """One value as text: missing is empty, whole numbers have no decimal point."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(float(value))
    text = str(value)
    # R's missing integer is the smallest 32-bit number; some readers hand it through, others call it "<NA>".
    return "" if text in {"<NA>", "nan", "-2147483648"} else text


def to_csv(columns: Mapping[str, list[Any]]) -> bytes:
    """All columns as CSV with a header, UTF-8, line feeds."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([cell(value) for value in row] for row in zip(*columns.values(), strict=True))
    return sink.getvalue().encode()


def main() -> int:
    """Write the file and say whether it is the one that `sources.toml` names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("package", type=Path, help="the downloaded .deb")
    package = parser.parse_args().package
    source = tomllib.loads((HERE.parent / "sources.toml").read_text())["source"]["credit_data"]
    if hashlib.sha256(package.read_bytes()).hexdigest() != source["package_sha256"]:
        print(f"{package} is not {source['package']} {source['version']}: its digest differs.")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        unpack(package, Path(folder))
        content = to_csv(read_lazy_load(Path(folder) / source["file_inside"], source["object"]))
    digest = hashlib.sha256(content).hexdigest()
    if digest != source["sha256"]:
        print(f"The table's digest is {digest}; sources.toml says {source['sha256']}.")
        return 1
    target = HERE / "raw" / source["file"]
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(content)
    print(f"{target}: {len(content):,} bytes, digest as in sources.toml.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
