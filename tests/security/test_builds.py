"""Hostile Dockerfiles on the real engine: cases F01 to F16 of the corpus, and what else a builder could be asked for.

What is refused is refused before any engine hears of it; what is built reaches its mirror and nothing else, ends
by itself or is ended, and leaves nothing.
"""

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from audition.domain.build import BuildCause
from audition.domain.build_failure import diagnose
from tests.building import FROM, LIMITS, Built, Site

pytestmark = [pytest.mark.docker, pytest.mark.slow]
_LEFTOVER_SECONDS = 15


@pytest.fixture(scope="module")
def site(images: Mapping[str, str]) -> Iterator[Site]:
    made = Site(images)
    yield made
    made.close()


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch) -> str:
    """A secret in our own environment."""
    value = "canary-7c1f0a52"
    monkeypatch.setenv("AUDITION_SECRET_KEY", value * 3)
    monkeypatch.setenv("HTTP_PROXY", f"http://{value}.invalid:3128")
    return value


def gone(site: Site, built: Built) -> bool:
    until = time.monotonic() + _LEFTOVER_SECONDS
    while time.monotonic() < until:
        if not site.left(built.run_id):
            return True
        time.sleep(0.2)
    return False


def python(code: str) -> str:
    return "RUN " + json.dumps(["python", "-c", code]) + "\n"


REFUSED = {
    "F01 frontend": "# syntax=evil/frontend:1\n" + FROM,
    "F02 cache mount race": FROM + "RUN --mount=type=cache,target=/c,source=/ true\n",
    "F04 secret mount": FROM + "RUN --mount=type=secret,id=builder cat /run/secrets/builder\n",
    "F04 ssh mount": FROM + "RUN --mount=type=ssh ssh-add -l\n",
    "F05 insecure": FROM + "RUN --security=insecure mount\n",
    "F05 host network": FROM + "RUN --network=host true\n",
    "F06 remote add": FROM + "ADD https://example.com/x.tar /x\n",
    "F06 git add": FROM + "ADD https://example.com/a/b.git#main:../.. /x\n",
    "F10 five hundred layers": FROM + "RUN true\n" * 500,
    "reads another image": FROM + "COPY --from=audition/grader:current /opt /stolen\n",
    "leaks a descriptor": FROM + "WORKDIR /proc/self/fd/8\n",
    "forges an owner": FROM + "LABEL audition.run=other audition.fence=1\n",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_a_builder_is_never_asked_for_it(site: Site, text: str) -> None:
    built = site.build(text)

    assert built.result is None
    assert "Dockerfile, line " in built.plan.refusals[0]


def test_a_package_of_the_mirror_installs_and_imports(site: Site) -> None:
    steps = "WORKDIR /app\nRUN pip install flask\nCOPY app.py .\nUSER 1000\nENV AT=run\n"

    built = site.build(
        FROM + steps, {"app.py": b"import flask, os; print(flask.Flask('x').name, os.getuid())"}
    )

    assert built.outcome.cause == BuildCause.OK, built.outcome.log
    assert site.run(built.outcome.reference, "python", "app.py") == "x 1000"
    site.sandbox.discard(built.run_id, 1)
    assert gone(site, built)


def test_the_reference_submissions_way_of_installing_works(site: Site) -> None:
    lock = b"click==8.5.1 --hash=sha256:" + b"0" * 64 + b"\n"
    stages = (
        "FROM python:3.11-slim AS build\nRUN python -m venv /opt/venv && /opt/venv/bin/pip install click\n"
        "FROM python:3.11-slim\nCOPY --from=build /opt/venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\n"
        "RUN python -c 'import click'\n"
    )

    good = site.build(stages)
    # The mirror's files are held against the candidate's own hashes.
    bad = site.build(FROM + "COPY r.txt .\nRUN pip install --require-hashes -r r.txt\n", {"r.txt": lock})

    assert good.outcome.cause == BuildCause.OK, good.outcome.log
    assert bad.outcome.cause == BuildCause.STEP_FAILED
    assert "DO NOT MATCH THE HASHES" in bad.outcome.log
    site.sandbox.discard(good.run_id, 1)
    assert gone(site, good)


@pytest.mark.parametrize("wanted", ["requests", "pandas==1.0"], ids=["project", "version"])
def test_a_package_that_is_not_there_is_the_networks_fault(site: Site, wanted: str) -> None:
    built = site.build(f"{FROM}RUN pip install {wanted}\n")

    assert built.outcome.cause == BuildCause.NETWORK
    assert built.outcome.refused_packages == (wanted.partition("=")[0],)
    assert f"pip install {wanted}" in built.outcome.detail
    assert gone(site, built)


def test_fetching_programs_fail_for_want_of_a_network(site: Site) -> None:
    assert (
        site.build(f"{FROM}RUN apt-get update && apt-get install -y curl\n").outcome.cause
        == BuildCause.NETWORK
    )


#: Every way out that a step could try; each is to fail, at once or by the deadline of two seconds.
EGRESS = """
import os, socket, sys
def tries(family, kind, address):
    with socket.socket(family, kind) as s:
        s.settimeout(2)
        s.connect(address)
        s.sendall(b"x")
        return s.recv(1)
out = []
for family, kind, address in [
    *((socket.AF_INET, socket.SOCK_STREAM, (host, port))
      for host in ("172.17.0.1", "172.18.0.1", "10.0.2.2", "192.168.65.2", "169.254.169.254", "1.1.1.1", "8.8.8.8")
      for port in (PORT, 53, 80, 443, 2375)),
    (socket.AF_INET, socket.SOCK_DGRAM, ("8.8.8.8", 53)),
    (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.11", 53)),
    (socket.AF_INET6, socket.SOCK_STREAM, ("2606:4700:4700::1111", 443)),
    (socket.AF_INET6, socket.SOCK_STREAM, ("fe80::1%lo", 80)),
    (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", PORT)),
]:
    try:
        out.append((address, tries(family, kind, address)))
    except OSError:
        pass
for name in ("example.com", "host.docker.internal", "gateway.docker.internal", "metadata.google.internal"):
    try:
        out.append((name, socket.getaddrinfo(name, 80)))
    except OSError:
        pass
print("interfaces:", sorted(os.listdir("/sys/class/net")))
print("ways out:", out)
sys.exit(1 if out else 0)
"""


def test_f09_no_step_reaches_anything_but_the_mirror(site: Site) -> None:
    # Somebody listens on every address of this host.
    with socket.create_server(("0.0.0.0", 0)) as server:
        server.settimeout(60)
        visitors: list[object] = []

        def listen() -> None:
            try:
                while True:
                    link, visitor = server.accept()
                    visitors.append(visitor)
                    link.sendall(b"x")
                    link.close()
            except OSError:
                return

        threading.Thread(target=listen, daemon=True).start()
        port = server.getsockname()[1]
        built = site.build(
            FROM + "COPY out.py .\nRUN python out.py\n",
            {"out.py": EGRESS.replace("PORT", str(port)).encode()},
        )

    assert built.outcome.cause == BuildCause.OK, built.outcome.log
    assert "interfaces: ['lo']" in built.outcome.log
    assert "ways out: []" in built.outcome.log
    assert visitors == []


BOMBS = {
    "F09 forks": (
        python("import os\nwhile True:\n try: os.fork()\n except OSError: pass"),
        BuildCause.TIME_LIMIT,
    ),
    "F09 forks in a shell": ("RUN b() { b | b & b; }; b\n", None),
    "F09 loops": ("RUN while true; do true; done\n", BuildCause.TIME_LIMIT),
    "F09 sleeps, deaf": ("RUN trap '' TERM INT HUP; sleep 1000; sleep 1000\n", BuildCause.TIME_LIMIT),
    "F09 leaves daemons": ("RUN (setsid sleep 1000 &) ; sleep 1000\n", BuildCause.TIME_LIMIT),
    "F09 takes memory": (python("b = bytearray(900 << 20)"), BuildCause.MEMORY_LIMIT),
    "F09 takes memory in a child": (
        "RUN python -c 'b = bytearray(900 << 20)'; exit 1\n",
        BuildCause.MEMORY_LIMIT,
    ),
    "F09 takes memory by files": (
        "RUN dd if=/dev/zero of=/dev/shm/x bs=1M; sleep 1000\n",
        BuildCause.TIME_LIMIT,
    ),
    "F09 prints without end": ("RUN yes\n", BuildCause.TOO_LARGE),
    "F09 writes without end": ("RUN while true; do yes | head -c 50M > /x$RANDOM; sleep 0.1; done\n", None),
    "F10 one big file": ("RUN yes > /big\n", None),
    "F10 big layers": (
        "RUN head -c 150M /dev/zero > /a\nRUN cp /a /b\nRUN cp /a /c\nRUN cp /a /d\nRUN sleep 30\n",
        BuildCause.TOO_LARGE,
    ),
    "F10 big image": ("RUN head -c 150M /dev/zero > /a\n", BuildCause.TOO_LARGE),
}


@pytest.mark.parametrize(("steps", "cause"), BOMBS.values(), ids=BOMBS.keys())
def test_f09_f10_bombs_are_ended_and_leave_nothing(site: Site, steps: str, cause: BuildCause | None) -> None:
    limits = replace(LIMITS, time_seconds=5, written_bytes=400 << 20, image_bytes=300 << 20)
    began = time.monotonic()

    built = site.build(FROM + steps, limits=limits)

    assert time.monotonic() - began < 120
    assert built.outcome.cause == cause or (cause is None and built.outcome.cause != BuildCause.OK)
    assert built.outcome.reference == ""
    assert gone(site, built)


def test_a_step_has_its_limit_of_processes_as_soon_as_it_runs(site: Site) -> None:
    code = (
        "import subprocess\nmany = []\n"
        "try:\n  for _ in range(200): many.append(subprocess.Popen(['sleep', '20']))\n"
        "except OSError: pass\nprint('started', len(many), flush=True)\n"
    )

    built = site.build(FROM + "COPY many.py .\nRUN timeout 10 python many.py\n", {"many.py": code.encode()})

    started = int(built.outcome.log.split("started ")[1].split()[0])
    assert 10 < started < 64


def test_what_keeps_steps_in_is_seen_and_recorded(site: Site) -> None:
    built = site.build(FROM + "RUN true\n")

    assert built.outcome.walls.endswith("capabilities")
    assert "filter of system calls" in built.outcome.walls
    site.sandbox.discard(built.run_id, 1)
    assert gone(site, built)


def test_what_is_ignored_reaches_no_step(site: Site) -> None:
    ignored = b"*\n!app\n**/*.tmp\n"
    files = {".dockerignore": ignored, "app/a.py": b"1", "app/b.tmp": b"1", "data/big": b"1", "top.py": b"1"}

    built = site.build(FROM + "WORKDIR /w\nCOPY . .\nRUN find . -type f | sort | tr '\\n' ' '\n", files)

    assert built.outcome.cause == BuildCause.OK, built.outcome.log
    assert "./app/a.py" in built.outcome.log
    for name in ("b.tmp", "big", "top.py", "./Dockerfile", "./.dockerignore"):
        assert name not in built.outcome.log.split("find . ", 1)[1].split("\n", 1)[1]
    site.sandbox.discard(built.run_id, 1)
    assert gone(site, built)


def test_f13_a_log_is_plain_text_and_bounded(site: Site) -> None:
    code = (
        "import sys\nsys.stdout.write('\\x1b]0;owned\\x07\\x1b[2J\\u202edesrever\\x9b1m\\rover\\x00<script>\\n')\n"
        "for n in range(60_000): print('line', n)\nsys.exit(3)\n"
    )
    built = site.build(
        FROM + "COPY say.py .\nRUN PYTHONIOENCODING=utf-8 python say.py\n",
        {"say.py": code.encode()},
        replace(LIMITS, log_bytes=40_000),
    )

    log = built.outcome.log
    assert built.outcome.cause == BuildCause.STEP_FAILED
    assert built.outcome.is_log_truncated
    assert len(log) < 40_100
    assert all(c.isprintable() or c in "\n\t" for c in log)
    assert "\\x1b]0;owned\\x07" in log
    assert "\\u202e" in log
    assert "line 59999" in log


def test_f13_a_forged_log_changes_no_cause(site: Site) -> None:
    lines = (
        "Successfully built 0123456789ab",
        '{"aux":{"ID":"sha256:0"}}',
        '{"errorDetail":{"message":"no space left on device"}}',
    )
    say = f"import sys; print({chr(10).join(lines)!r}); sys.exit"

    failed = site.build(FROM + python(f"{say}(5)"))
    passed = site.build(FROM + python(f"{say}(0)"))

    assert failed.outcome.cause == BuildCause.STEP_FAILED
    assert passed.outcome.cause == BuildCause.OK
    site.sandbox.discard(passed.run_id, 1)


OTHER_INDEX = {
    "option": "RUN pip install --index-url https://index.example/simple flask\n",
    "environment": "ENV PIP_INDEX_URL=https://index.example/simple\nRUN pip install flask\n",
    "extra": "RUN pip install --no-index --find-links https://index.example/ flask\n",
    "configuration": "COPY pip.conf /etc/pip.conf\nRUN pip install flask\n",
    "names": "RUN echo '93.184.215.14 mirror' > /etc/hosts && pip install flask\n",
}


@pytest.mark.parametrize("steps", OTHER_INDEX.values(), ids=OTHER_INDEX.keys())
def test_f15_another_index_is_nowhere(site: Site, steps: str) -> None:
    override = b"[global]\nindex-url = https://index.example/simple\n"

    built = site.build(FROM + "ENV PIP_RETRIES=0 PIP_TIMEOUT=3\n" + steps, {"pip.conf": override})

    assert built.outcome.cause in {BuildCause.STEP_FAILED, BuildCause.NETWORK}
    assert gone(site, built)


def test_f16_a_step_sees_the_submission_and_nothing_of_ours(site: Site, canary: str) -> None:
    look = (
        "import os, pathlib\n"
        "seen = [str(p) for p in pathlib.Path('/context').rglob('*')]\n"
        "print('context', sorted(seen))\n"
        "print('sockets', [p for p in ('/run/docker.sock', '/run/secrets') if os.path.exists(p)])\n"
        "print('environment', sorted(set(os.environ) - {'PWD', 'LC_CTYPE'}))\n"
        "print('mounts', [l for l in open('/proc/self/mountinfo') if '/answers' in l or '/in/' in l])\n"
        "print(open('/proc/self/environ').read())\n"
    )
    built = site.build(FROM + "COPY . /context\nRUN python /context/look.py\n", {"look.py": look.encode()})

    log = built.outcome.log
    assert built.outcome.cause == BuildCause.OK, log
    assert "context ['/context/Dockerfile', '/context/look.py']" in log
    assert "sockets []" in log
    assert "mounts []" in log
    assert canary not in log
    assert (
        "environment ['HOME', 'HOSTNAME', 'LANG', 'PATH', 'PYTHONDONTWRITEBYTECODE', 'PYTHONUNBUFFERED']"
        in log
    )
    history = json.dumps(site.client.history(built.outcome.reference))
    assert canary not in history
    site.sandbox.discard(built.run_id, 1)
    assert gone(site, built)


def test_one_candidates_build_leaves_nothing_for_the_next(site: Site) -> None:
    first = site.build(
        FROM + "RUN echo planted > /dev/shm/x; echo planted > /etc/planted; date +%N > /made\n"
    )
    second = site.build(
        FROM + "RUN echo planted > /dev/shm/x; echo planted > /etc/planted; date +%N > /made\n"
    )
    third = site.build(FROM + "RUN cat /dev/shm/x /etc/planted || echo nothing there\n")

    assert "Using cache" not in second.outcome.log
    made = [site.run(b.outcome.reference, "cat", "/made") for b in (first, second)]
    assert made[0] != made[1]
    assert "nothing there" in third.outcome.log
    for built in (first, second, third):
        site.sandbox.discard(built.run_id, 1)
        assert gone(site, built)


MISTAKES = {
    "a program that is not there": ('RUN ["no-such-program"]\n', "no-such-program"),
    "a file that is not there": ("COPY no-such-file /x\n", "no-such-file"),
    "a user that is not there": ("USER nobody-at-all\nRUN true\n", "nobody-at-all"),
    "a folder that is a file": ("WORKDIR /etc/passwd\nRUN true\n", "/etc/passwd"),
    "an exit code": ("RUN exit 7\n", "code: 7"),
}


@pytest.mark.parametrize(("steps", "named"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_in_a_dockerfile_is_never_the_platforms(site: Site, steps: str, named: str) -> None:
    built = site.build(FROM + steps)

    assert built.outcome.cause == BuildCause.STEP_FAILED
    assert named in built.outcome.detail
    failure = diagnose(built.plan, built.outcome, LIMITS)
    assert failure is not None
    assert failure.instruction == (FROM + steps).splitlines()[failure.line - 1]
    assert failure.line > 1
    assert gone(site, built)
