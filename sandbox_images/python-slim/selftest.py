"""Run inside the image, hardened: would the usual first lines of a Dockerfile work on it?"""

import subprocess
import sys
from pathlib import Path


def output(*command: str) -> str:
    """Return what a program prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


where = output("python", "-c", "import sys, sysconfig; print(sys.prefix, sysconfig.get_path('purelib'))")
assert where == "/usr/local /usr/local/lib/python3.11/site-packages", where
assert "global.index-url='http://mirror:8080/simple'" in output("pip", "config", "list")
assert "http" not in Path("/etc/pip.conf").read_text().replace("http://mirror:8080/simple", "")
print(output("python", "--version"), output("pip", "--version").split(" from ")[0], file=sys.stdout)
