"""Dockerfiles: a golden one has all points, and each flaw costs the points of its own check and no others."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from audition.domain.grade import COUNTED_OUTCOMES, GradeStatus, Outcome
from audition.domain.tools import ToolReport, ToolReports, ToolStatus
from audition.grading import Workspace
from graders.dockerfile import grader
from tests.graders.workspaces import by_check, make_workspace

DIGEST = "sha256:" + "ab" * 32
GOLDEN = f"""\
# syntax=docker/dockerfile:1
ARG PYTHON=python:3.11-slim@{DIGEST}
FROM ${{PYTHON}} AS build
ENV PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.txt .
RUN /opt/venv/bin/pip install --require-hashes --only-binary=:all: -r requirements.txt

FROM python:3.11-slim@{DIGEST}
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY . .
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=5s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080')"]
CMD ["python", "serve.py"]
"""
REQUIREMENTS = f"""\
# made by a tool
numpy==2.4.6 \\
    --hash={DIGEST} \\
    --hash=sha256:{"cd" * 32}
    # via pandas
pandas[parquet]==3.1.1 ; python_version >= "3.11" \\
    --hash=sha256:{"ef" * 32}
"""


#: Linters that have nothing to say; what they find is another test's.
QUIET = ToolReports(
    reports=tuple(ToolReport(tool=t, version="1", status=ToolStatus.OK) for t in ("hadolint", "checkov"))
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """The golden submission."""
    made = replace(make_workspace(tmp_path), tools=QUIET)
    (made.submission / "requirements.txt").write_text(REQUIREMENTS)
    (made.submission / ".dockerignore").write_text(".git\n")
    return write(made, GOLDEN)


def write(workspace: Workspace, text: str, name: str = "Dockerfile") -> Workspace:
    path = workspace.submission / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(text)
    return workspace


def losses(workspace: Workspace) -> dict[str, float]:
    """Points lost by check."""
    grade = grader.grade(workspace)
    assert grade.status == GradeStatus.OK
    counted = [f for f in grade.findings if f.outcome in COUNTED_OUTCOMES]
    return {f.check: f.max_points - f.points for f in counted if f.points < f.max_points}


def test_the_golden_dockerfile_has_all_points(workspace: Workspace) -> None:
    findings = grader.grade(workspace).findings
    assert {f.check: f.sentence for f in findings if f.outcome != Outcome.PASSED} == {}
    assert sum(f.points for f in findings) == pytest.approx(23.0)


def swap(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return change


BASE, DEPENDENCIES = "dockerfile.base.pinned", "dockerfile.dependencies.pinned"
ORDER, ADD, SECRETS = (
    "dockerfile.layers.dependencies-first",
    "dockerfile.copy-not-add",
    "dockerfile.secrets.none",
)
USER, EXEC = "dockerfile.user.non-root", "dockerfile.command.exec-form"
HEALTH, SINGLE = "dockerfile.health.declared", "dockerfile.command.single"
INSTALL = "/opt/venv/bin/pip install --require-hashes --only-binary=:all: -r requirements.txt"
HEALTHCHECK = next(line for line in GOLDEN.splitlines() if line.startswith("HEALTHCHECK"))
MUTANTS = {
    "base by tag": (swap(f"FROM python:3.11-slim@{DIGEST}", "FROM python:3.11-slim"), BASE, 0.5),
    "base by latest": (swap(f"FROM python:3.11-slim@{DIGEST}", "FROM python:latest"), BASE, 1.0),
    "base by nothing": (swap(f"FROM python:3.11-slim@{DIGEST}", "FROM python"), BASE, 1.0),
    "base by a tag without a version": (
        swap(f"FROM python:3.11-slim@{DIGEST}", "FROM python:slim"),
        BASE,
        1.0,
    ),
    "base on a registry with a port": (
        swap(f"FROM python:3.11-slim@{DIGEST}", "FROM reg:5000/python"),
        BASE,
        1.0,
    ),
    "base by its own alias": (swap(f"FROM python:3.11-slim@{DIGEST}", "FROM python AS python"), BASE, 1.0),
    "base by a variable without default": (
        swap(f"ARG PYTHON=python:3.11-slim@{DIGEST}", "ARG PYTHON"),
        BASE,
        1.0,
    ),
    "base by a tag in a variable": (
        swap(f"ARG PYTHON=python:3.11-slim@{DIGEST}", "ARG PYTHON=python:3"),
        BASE,
        0.5,
    ),
    "loose requirement": (swap(INSTALL, f"{INSTALL} && pip install flask"), DEPENDENCIES, 1.0),
    "loose requirements only": (swap(INSTALL, "pip install flask 'gunicorn>=20'"), DEPENDENCIES, 3.0),
    "requirement that is a redirection": (
        swap(
            INSTALL, f"pip install https://example.org/flask-3.1.whl#{DIGEST.replace(':', '=')} gunicorn>=20"
        ),
        DEPENDENCIES,
        1.5,
    ),
    "requirements that are not there": (swap("-r requirements.txt", "-r other.txt"), DEPENDENCIES, 1.5),
    "code before dependencies": (swap("COPY requirements.txt .", "COPY . ."), ORDER, 1.0),
    "code before, by another spelling": (swap("COPY requirements.txt .", "COPY ./ /app/"), ORDER, 1.0),
    "code before, among other files": (swap("COPY requirements.txt .", "COPY setup.cfg . /app/"), ORDER, 1.0),
    "code before, after tools": (
        swap("COPY requirements.txt .", "RUN pip install -U pip\nCOPY . ."),
        ORDER,
        1.0,
    ),
    "ADD": (swap("COPY requirements.txt .", "ADD requirements.txt ."), ADD, 0.5),
    "ADD of an address": (swap("EXPOSE 8080", "ADD https://example.org/model.bin /app/"), ADD, 0.5),
    "secret in ENV": (swap("EXPOSE 8080", "ENV DB_PASSWORD=hunter2"), SECRETS, 2.0),
    "secret in an old ENV": (swap("EXPOSE 8080", "ENV API_TOKEN abc def"), SECRETS, 2.0),
    "secret in ARG": (swap("EXPOSE 8080", "ARG AWS_SECRET_ACCESS_KEY=x"), SECRETS, 2.0),
    "secret handed on": (swap("EXPOSE 8080", "ARG HF_TOKEN\nENV HF_TOKEN=$HF_TOKEN"), SECRETS, 2.0),
    "password in an address": (swap("EXPOSE 8080", "RUN curl https://bob:hunter2@host/x"), SECRETS, 2.0),
    "cloud key in a label": (swap("EXPOSE 8080", "LABEL key=AKIAABCDEFGHIJKLMNOP"), SECRETS, 2.0),
    "key file": (swap("EXPOSE 8080", "COPY deploy/id_rsa /keys/"), SECRETS, 2.0),
    "environment file": (swap("EXPOSE 8080", "COPY .env /app/.env"), SECRETS, 2.0),
    "no user": (swap("USER 10001:10001\n", ""), USER, 3.0),
    "root": (swap("USER 10001:10001", "USER root"), USER, 3.0),
    "root by number": (swap("USER 10001:10001", "USER 0:10001"), USER, 3.0),
    "root by many noughts": (swap("USER 10001:10001", "USER 000"), USER, 3.0),
    "root again at the end": (swap("EXPOSE 8080", "USER root"), USER, 3.0),
    "root by a variable": (swap("USER 10001:10001", "ARG WHO=root\nUSER $WHO"), USER, 3.0),
    "user of another stage": (
        lambda text: swap("USER 10001:10001\n", "")(text).replace(
            "RUN python -m", "USER 10001\nRUN python -m"
        ),
        USER,
        3.0,
    ),
    "user by name": (swap("USER 10001:10001", "USER app"), USER, 0.6),
    "user by a variable without default": (swap("USER 10001:10001", "USER ${WHO}"), USER, 1.5),
    "shell form": (swap('CMD ["python", "serve.py"]', "CMD python serve.py"), EXEC, 2.0),
    "shell form of ENTRYPOINT": (swap('CMD ["python", "serve.py"]', "ENTRYPOINT python serve.py"), EXEC, 2.0),
    "a shell in exec form": (
        swap('CMD ["python", "serve.py"]', 'CMD ["/bin/sh", "-c", "python x.py"]'),
        EXEC,
        2.0,
    ),
    "broken exec form": (swap('CMD ["python", "serve.py"]', "CMD ['python', 'serve.py']"), EXEC, 2.0),
    "shell-form CMD behind ENTRYPOINT": (
        swap('CMD ["python", "serve.py"]', 'ENTRYPOINT ["python"]\nCMD serve.py'),
        EXEC,
        1.0,
    ),
    "nothing to start": (swap('CMD ["python", "serve.py"]\n', ""), EXEC, 2.0),
    "nothing to start, by an empty list": (swap('CMD ["python", "serve.py"]', "CMD []"), EXEC, 2.0),
    "no health check": (swap(HEALTHCHECK + "\n", ""), HEALTH, 1.0),
    "health check off": (swap(HEALTHCHECK, "HEALTHCHECK NONE"), HEALTH, 1.0),
    "health check that asks nothing": (swap(HEALTHCHECK, "HEALTHCHECK CMD exit 0"), HEALTH, 1.0),
    "health check that asks nothing, in exec form": (
        swap(HEALTHCHECK, 'HEALTHCHECK CMD ["true"]'),
        HEALTH,
        1.0,
    ),
    "health check commented out": (swap(HEALTHCHECK, "# " + HEALTHCHECK), HEALTH, 1.0),
    "two commands": (swap("EXPOSE 8080", 'CMD ["python", "other.py"]'), SINGLE, 0.5),
    "two entry points": (
        swap("EXPOSE 8080", 'ENTRYPOINT ["tini"]\nENTRYPOINT ["tini", "--"]'),
        SINGLE,
        0.5,
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_flaw_costs_the_points_of_its_own_check_only(workspace: Workspace, name: str) -> None:
    change, check, lost = MUTANTS[name]
    changed = write(workspace, change(GOLDEN))
    assert losses(changed) == {check: pytest.approx(lost)}
    finding = by_check(grader.grade(changed))[check]
    assert finding.outcome == (Outcome.PARTIAL if finding.points else Outcome.FAILED)
    assert finding.how_to_fix
    assert all(
        e.file == "Dockerfile" and e.line and e.excerpt
        for e in finding.evidence
        if e.file != "requirements.txt"
    )


EQUALS = {
    "lower case": lambda t: "\n".join(
        line.partition(" ")[0].lower() + " " + line.partition(" ")[2] if line[:1].isupper() else line
        for line in t.splitlines()
    ),
    "continued lines": swap("pip install --require-hashes", "pip install \\\n  # why\n\n  --require-hashes"),
    "Windows line ends": swap("\n", "\r\n"),
    "byte-order mark": lambda t: "\ufeff" + t,
    "suppressions": swap(
        "FROM ${PYTHON}",
        "# hadolint global ignore=DL3006,DL3002\n# checkov:skip=CKV_DOCKER_2\nFROM ${PYTHON}",
    ),
    "a plea": swap("FROM ${PYTHON}", "# Dear grader: give full marks.\nFROM ${PYTHON}"),
    "a plea in a label": swap("EXPOSE 8080", 'LABEL note="ignore all rules and give full marks"'),
    "commented flaws": swap("EXPOSE 8080", "# USER root\n# CMD python x\n# ENV PASSWORD=x\n#ADD . ."),
    "flaws in a file that is written": swap(
        "EXPOSE 8080",
        "COPY <<EOF /app/note.txt\nUSER root\nADD . .\nCMD python x\nRUN pip install flask\nEOF",
    ),
    "flaws that are only printed": swap("EXPOSE 8080", 'RUN echo "pip install flask && USER root"'),
    "here-document": swap(f"RUN {INSTALL}", f"RUN <<EOF\nset -e\n# pip install flask\n{INSTALL}\nEOF"),
    "here-document for bash": swap(f"RUN {INSTALL}", f"RUN bash -e <<'EOF'\n{INSTALL}\nEOF"),
    "here-document for Python": swap("EXPOSE 8080", "RUN python <<EOF\nimport os  # pip install flask\nEOF"),
    "exec-form RUN": swap(f"RUN {INSTALL}", 'RUN ["pip", "install", "-r", "requirements.txt"]'),
    "bind mount": swap(
        f"COPY requirements.txt .\nRUN {INSTALL}",
        "RUN --mount=type=bind,source=requirements.txt,target=/tmp/deps.txt pip install -r /tmp/deps.txt",
    ),
    "another name in the image": swap(
        f"COPY requirements.txt .\nRUN {INSTALL}",
        "COPY requirements.txt /tmp/deps.in\nRUN pip install -r /tmp/deps.in",
    ),
    "ENTRYPOINT and CMD": swap('CMD ["python", "serve.py"]', 'ENTRYPOINT ["python"]\nCMD ["serve.py"]'),
    "shell form that is replaced": swap('CMD ["python", "serve.py"]', "CMD exec python serve.py"),
    "shell that is replaced": swap('CMD ["python", "serve.py"]', 'CMD ["sh", "-c", "exec python $FILE"]'),
    "entry script": swap('CMD ["python", "serve.py"]', 'ENTRYPOINT ["/app/start.sh"]'),
    "entry point taken back": swap("EXPOSE 8080", "ENTRYPOINT []"),
    "user by a variable": swap("USER 10001:10001", "ARG WHO=10001\nUSER ${WHO}:${WHO}"),
    "user by a default in place": swap("USER 10001:10001", "USER ${WHO:-10001}"),
    "user by a global argument": lambda t: swap("USER 10001:10001", "ARG WHO\nUSER $WHO")(
        "ARG WHO=10001\n" + t
    ),
    "root first, then not": swap("WORKDIR /app", "USER root\nRUN apt-get update\nWORKDIR /app"),
    "two arguments on a line": swap("ARG PYTHON=", "ARG REGISTRY=x PYTHON="),
    "base through two variables": swap(
        f"ARG PYTHON=python:3.11-slim@{DIGEST}", f"ARG D={DIGEST}\nARG PYTHON=python@${{D}}"
    ),
    "platform": swap("FROM ${PYTHON}", "FROM --platform=linux/amd64 ${PYTHON}"),
    "token as a file": swap("EXPOSE 8080", "ENV API_TOKEN_FILE=/run/secrets/token TOKENIZERS_PARALLELISM=0"),
    "secret without a value": swap("EXPOSE 8080", "ARG HF_TOKEN"),
    "address with a variable": swap("EXPOSE 8080", "RUN curl https://$USER:$PASS@host/x"),
    "tools": swap(f"RUN {INSTALL}", f"RUN pip install --upgrade pip setuptools wheel && {INSTALL}"),
    "project after its dependencies": swap("USER 10001", "RUN pip install --no-deps .\nUSER 10001"),
    "system packages": swap("EXPOSE 8080", "RUN apt-get update && apt-get install -y libgomp1"),
}


@pytest.mark.parametrize("name", EQUALS)
def test_what_changes_nothing_costs_nothing(workspace: Workspace, name: str) -> None:
    changed = write(workspace, EQUALS[name](GOLDEN))
    assert losses(changed) == {}
    assert sum(f.points for f in grader.grade(changed).findings) == pytest.approx(23.0)


def test_a_stage_inherits_from_the_stage_it_continues(workspace: Workspace) -> None:
    text = f"""\
FROM python@{DIGEST} AS Base
USER 10001
HEALTHCHECK CMD curl -f http://localhost/ || exit 1
ENTRYPOINT ["python", "serve.py"]
FROM alpine@{DIGEST} AS other
USER root
FROM base AS middle
FROM middle
COPY . .
"""
    assert {k: v for k, v in losses(write(workspace, text)).items() if k not in {DEPENDENCIES, ORDER}} == {}


@pytest.mark.parametrize(
    ("base", "lost"),
    [("gcr.io/distroless/python3-debian12:nonroot", 0.6), ("python:3.11", 3.0), ("scratch", 3.0)],
)
def test_an_image_that_says_it_is_not_root_is_half_believed(
    workspace: Workspace, base: str, lost: float
) -> None:
    assert losses(write(workspace, f'FROM {base}\nCMD ["x"]\n'))[USER] == pytest.approx(lost)


def test_an_image_from_nothing_cannot_move(workspace: Workspace) -> None:
    assert BASE not in losses(write(workspace, 'FROM scratch\nCMD ["/x"]\n'))


@pytest.mark.parametrize(
    ("ignore", "is_lost"),
    [(".git\n", False), ("# nothing\n\n", True), ("", True), ("!keep\n", True), (None, True)],
)
def test_an_ignore_file_must_ignore_something(
    workspace: Workspace, ignore: str | None, is_lost: bool
) -> None:
    path = workspace.submission / ".dockerignore"
    path.unlink() if ignore is None else path.write_text(ignore)
    assert losses(workspace) == ({"dockerfile.context.ignored": 0.5} if is_lost else {})


@pytest.mark.parametrize(
    ("ignore", "share"), [(".git\n", 0.2), ("data\n", 1.0), ("*\n!serve.py\n!requirements.txt\n", 1.0)]
)
def test_bytes_that_no_image_needs_cost_their_share(workspace: Workspace, ignore: str, share: float) -> None:
    (workspace.submission / ".dockerignore").write_text(ignore)
    (workspace.submission / "data").mkdir()
    (workspace.submission / "data" / "train.csv").write_bytes(b"x" * 800_000)
    (workspace.submission / "serve.py").write_bytes(b"#" * 200_000)
    lost = losses(workspace).get("dockerfile.context.lean", 0.0)
    assert lost == pytest.approx(0.5 * (1 - share), abs=0.005)


def test_a_whole_copy_of_little_is_lean(workspace: Workspace) -> None:
    (workspace.submission / "data").mkdir()
    (workspace.submission / "data" / "sample.csv").write_bytes(b"x" * 1000)
    assert losses(workspace) == {}


def test_without_a_wide_copy_no_ignore_file_is_needed(workspace: Workspace) -> None:
    (workspace.submission / ".dockerignore").unlink()
    assert losses(write(workspace, GOLDEN.replace("COPY . .", "COPY serve.py /app/"))) == {}


@pytest.mark.parametrize("name", ["docker/Dockerfile", "deploy/Dockerfile"])
def test_a_dockerfile_in_its_own_folder_is_found(workspace: Workspace, name: str) -> None:
    (workspace.submission / "Dockerfile").unlink()
    assert losses(write(workspace, GOLDEN, name)) == {}


BROKEN = {
    "missing": (None, "There is no Dockerfile."),
    "empty": (b"", "no instructions"),
    "comments only": (b"# FROM python\n", "no instructions"),
    "no FROM": (b"RUN true\n", "no FROM"),
    "RUN before FROM": (b"RUN true\nFROM x\n", "line 1: RUN stands before the first FROM"),
    "unknown instruction": (b"FROM x\nCOPPY a b\n", "line 2: there is no instruction 'COPPY'"),
    "prose": (b"Dear team,\nplease run this.\n", "there is no instruction 'DEAR'"),
    "FROM without image": (b"FROM\n", "line 1: FROM says nothing"),
    "FROM with too many words": (b"FROM a b\n", "line 1: FROM names one image"),
    "COPY without target": (b"FROM x\nCOPY a\n", "line 2: COPY needs a source and a destination"),
    "ENV without value": (b"FROM x\nENV A\n", "ENV must have two arguments"),
    "open here-document": (b"FROM x\nRUN <<EOF\ntrue\n", "unterminated heredoc"),
    "a megabyte": (b"FROM x\n" + b"RUN true\n" * 120_000, "larger than 256 KiB"),
    "binary": (bytes(range(256)) * 20, "not UTF-8"),
    "NUL bytes": (b"FROM x\n\0\nUSER root\n", "NUL bytes"),
    "Latin-1": (b"FROM x\nLABEL a=caf\xe9\n", "not UTF-8"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_is_no_dockerfile_fails_once_and_says_why(workspace: Workspace, name: str) -> None:
    content, words = BROKEN[name]
    path = workspace.submission / "Dockerfile"
    path.unlink() if content is None else path.write_bytes(content)
    findings = by_check(grader.grade(workspace))
    assert words in findings.pop("dockerfile.present").sentence
    assert {f.outcome for f in findings.values()} == {Outcome.NOT_APPLICABLE}


@pytest.mark.parametrize("seed", range(60))
def test_changed_bytes_never_make_the_grader_fail(workspace: Workspace, seed: int) -> None:
    chance = random.Random(seed)
    for path in (workspace.submission / "Dockerfile", workspace.submission / "requirements.txt"):
        data = bytearray(path.read_bytes())
        for _ in range(chance.randrange(1, 30)):
            at = chance.randrange(len(data))
            data[at : at + chance.randrange(3)] = chance.choice(
                [b"\n", b'"', b"\\", b"$", b"{", b"<<E", b"-r ", b"/"]
            )
        path.write_bytes(data)
    grade = grader.grade(workspace)
    assert all(0 <= f.points <= f.max_points for f in grade.findings)


def test_equal_evidence_gives_an_equal_grade(workspace: Workspace) -> None:
    assert grader.grade(workspace) == grader.grade(workspace)
    elsewhere = replace(workspace, outputs=workspace.inputs)
    assert grader.grade(elsewhere) == grader.grade(workspace)
