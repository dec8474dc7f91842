"""Run inside the image, hardened: do both programs work, and does a server evaluate a rule?"""

import subprocess
import tempfile
import time
from pathlib import Path

BIN = Path("/opt/prometheus/bin")
RULES = "groups: [{name: a, interval: 1s, rules: [{alert: Always, expr: vector(1)}]}]\n"
CONFIG = "global: {evaluation_interval: 1s}\nrule_files: [rules.yml]\n"
DEADLINE_SECONDS = 30


def run(*argv: str, code: int = 0) -> str:
    """What a program says that ends as it should."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == code, (argv, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def fired(folder: Path) -> str:
    """Run a server until its alert is in its database."""
    config = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    server = subprocess.Popen(
        [BIN / "prometheus", *config, "--web.listen-address=127.0.0.1:0"], stderr=subprocess.PIPE
    )
    until = time.monotonic() + DEADLINE_SECONDS
    try:
        while time.monotonic() < until:
            time.sleep(1)
            found = run(f"{BIN}/promtool", "tsdb", "dump", "--match={alertname='Always'}", f"{folder}/data")
            if "firing" in found:
                return found
    finally:
        server.kill()
    raise AssertionError(server.stderr.read())


with tempfile.TemporaryDirectory() as name:
    Path(name, "rules.yml").write_text(RULES)
    Path(name, "prometheus.yml").write_text(CONFIG)
    assert "1 rules found" in run(f"{BIN}/promtool", "check", "rules", f"{name}/rules.yml")
    Path(name, "rules.yml").write_text(RULES.replace("vector(1)", "vector("))
    run(f"{BIN}/promtool", "check", "rules", f"{name}/rules.yml", code=1)
    Path(name, "rules.yml").write_text(RULES)
    fired(Path(name))
print(run(f"{BIN}/prometheus", "--version").splitlines()[0])
