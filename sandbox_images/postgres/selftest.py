"""Run inside the image, hardened: does the start script make a cluster that asks for its password?"""

import os
import subprocess
import sys
import time
from pathlib import Path

PORT = "5433"
ENV = {**os.environ, "PGDATA": "/tmp/data", "POSTGRES_PASSWORD": "of the self-test"}
QUERY = ["psql", "-h", "127.0.0.1", "-p", PORT, "-U", "audition", "-d", "audition", "-Atc", "SELECT 40 + 2"]


def ask(password: str) -> subprocess.CompletedProcess[str]:
    """Ask the server something."""
    env = {**ENV, "PGPASSWORD": password}
    return subprocess.run(QUERY, env=env, capture_output=True, text=True, check=False)


Path("/tmp/data").mkdir(mode=0o700)
options = [f"port={PORT}", "unix_socket_directories=/tmp", "shared_buffers=8MB", "fsync=off"]
server = subprocess.Popen(["start", *(part for option in options for part in ("-c", option))], env=ENV)
ends_at = time.monotonic() + 60
answer = ask("of the self-test")
while answer.returncode != 0 and server.poll() is None and time.monotonic() < ends_at:
    time.sleep(0.3)
    answer = ask("of the self-test")
stranger = ask("wrong")
server.terminate()
server.wait()
if answer.stdout.strip() != "42":
    sys.exit(f"no answer: {answer.stderr}")
if stranger.returncode == 0:
    sys.exit("a wrong password was let in")
print("the cluster answers, and only with its password")
