"""Run inside the image, hardened: are the kit and all graders there, and nothing of the platform?"""

import subprocess
import sys

WORK = """
import importlib.metadata, importlib.util, sys
import dockerfile, pydantic
import audition.grading

points = importlib.metadata.entry_points(group="audition.graders")
graders = [point.load() for point in points]
assert graders, "no grader is registered"
for grader in graders:
    assert grader.name and grader.version and callable(grader.grade), grader
parsed = dockerfile.parse_string("FROM scratch")
assert parsed[0].cmd.lower() == "from", parsed
# The control plane has no business in here: the less there is, the less there is to attack.
rooms = ["audition." + room for room in ("web", "adapters", "services", "worker", "host")]
for name in ("flask", "sqlalchemy", "redis", "rq", "docker", *rooms):
    try:
        found = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        found = None
    assert found is None, f"{name} is in the grader image"
print("graders:", ", ".join(sorted(f"{grader.name} {grader.version}" for grader in graders)))
"""

sys.exit(subprocess.run(["/usr/bin/env", "python", "-c", WORK], check=False).returncode)
