"""Run inside the image, hardened: is this the Debian and the Python that everything above expects?"""

import os
import sqlite3
import ssl
import stat
import sys
from pathlib import Path


def setuid_files() -> list[str]:
    """Return the files of the root file system that would run with other rights."""
    device = Path("/").lstat().st_dev
    found = []
    for folder, folders, names in os.walk("/"):
        folders[:] = [name for name in folders if Path(folder, name).lstat().st_dev == device]
        for name in names:
            status = Path(folder, name).lstat()
            if stat.S_ISREG(status.st_mode) and status.st_mode & (stat.S_ISUID | stat.S_ISGID):
                found.append(f"{folder}/{name}")
    return found


def has_network() -> bool:
    """Return whether any interface but loopback exists."""
    # Not asked of the kernel by a socket: an engine may refuse that kind.
    return [path.name for path in Path("/sys/class/net").iterdir()] not in ([], ["lo"])


def is_writable(folder: str) -> bool:
    """Return whether a file can be made there."""
    try:
        Path(folder, "probe").write_text("x")
    except OSError:
        return False
    Path(folder, "probe").unlink()
    return True


problems = [
    *(f"setuid or setgid file: {path}" for path in setuid_files()),
    *(["Python is older than 3.11"] if sys.version_info < (3, 11) else []),
    *(["the self-test has a network"] if has_network() else []),
    *(f"{folder} is writable" for folder in ("/", "/usr", "/in") if is_writable(folder)),
    *(["/tmp is not writable"] if not is_writable("/tmp") else []),
    *(["runs as root"] if os.getuid() == 0 else []),
]
python = sys.version.split()[0]
print(f"Python {python}, {ssl.OPENSSL_VERSION}, SQLite {sqlite3.sqlite_version}, uid {os.getuid()}")
sys.exit("\n".join(problems) or 0)
