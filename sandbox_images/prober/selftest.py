"""Run inside the image, hardened: is the prober there, and nothing else of ours?"""

import subprocess
import sys

WORK = """
import importlib.util
import h11, prometheus_client, pydantic
import audition.probing.course

rooms = ["audition." + room for room in ("web", "adapters", "services", "worker", "host", "grading")]
for name in ("flask", "sqlalchemy", "redis", "rq", "docker", "graders", *rooms):
    try:
        found = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        found = None
    assert found is None, f"{name} is in the prober image"
print("prober: h11", h11.__version__)
"""

sys.exit(subprocess.run(["/usr/bin/env", "python", "-c", WORK], check=False).returncode)
