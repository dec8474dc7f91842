"""Run inside the image, hardened: does every room import, and does the command line answer?"""

import subprocess
import sys

WORK = """
import flask, gunicorn, psycopg, redis, rq, sqlalchemy, docker
import audition.bootstrap, audition.cli.main, audition.web.app, audition.worker.jobs
"""

imports = subprocess.run(["/usr/bin/env", "python", "-c", WORK], check=False).returncode
answers = subprocess.run(["/usr/bin/env", "audition", "--help"], check=False).returncode
sys.exit(imports or answers)
