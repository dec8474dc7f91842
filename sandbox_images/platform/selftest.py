"""Run inside the image, hardened: does every room import, and does each verb of docker-compose.yml answer?"""

import subprocess
import sys

WORK = """
import psycopg
import audition.bootstrap, audition.web.wsgi, audition.worker.clock, audition.worker.runtime
"""


def run(*argv: str) -> int:
    """Run a program of the image and return its exit code."""
    return subprocess.run(["/usr/bin/env", *argv], stdout=subprocess.DEVNULL, check=False).returncode


if run("python", "-c", WORK):
    sys.exit("a room does not import")
for verb in ("serve", "clock", "worker", "db", "challenge", "invite"):
    if run("audition", verb, "--help"):
        sys.exit(f"audition {verb} does not answer")
print("every verb of docker-compose.yml answers")
