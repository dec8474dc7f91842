"""Run inside the image, hardened: does the server start and keep what it is told?"""

import socket
import subprocess
import sys
import time
from pathlib import Path

PLACE = Path("/tmp/redis.sock")
COMMAND = ["redis-server", "--port", "0", "--unixsocket", str(PLACE), "--dir", "/tmp", "--appendonly", "yes"]


def ask(command: bytes) -> bytes:
    """Send one command and return the reply."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(5)
        link.connect(str(PLACE))
        link.sendall(command + b"\r\n")
        return link.recv(200)


def start() -> subprocess.Popen[bytes]:
    """Start the server and wait for its socket."""
    PLACE.unlink(missing_ok=True)
    process = subprocess.Popen(COMMAND, stdout=subprocess.DEVNULL)
    ends_at = time.monotonic() + 20
    while not PLACE.exists() and time.monotonic() < ends_at:
        time.sleep(0.1)
    return process


server = start()
said = ask(b"SET kept yes")
server.terminate()
server.wait()
server = start()
time.sleep(0.5)
kept = ask(b"GET kept")
server.terminate()
server.wait()
if (said, kept) != (b"+OK\r\n", b"$3\r\nyes\r\n"):
    sys.exit(f"unexpected replies: {said!r}, {kept!r}")
print("kept over a restart")
