"""Which dependencies are named by the content of their files, whatever tool locked them."""

from pathlib import Path

import pytest

from audition.domain.grade import Finding, Outcome
from graders.dockerfile import grader
from graders.dockerfile.locks import hashed_share
from tests.graders.workspaces import by_check, make_workspace

CHECK = "dockerfile.dependencies.hashed"
SHA = "ab" * 32
UV = f"""
version = 1
[[package]]
name = "mine"
source = {{ virtual = "." }}
dependencies = [{{ name = "numpy" }}]
[package.dev-dependencies]
dev = [{{ name = "pytest" }}]
[[package]]
name = "numpy"
version = "2.0"
source = {{ registry = "somewhere" }}
wheels = [
    {{ url = "numpy.whl", hash = "sha256:{SHA}", size = 1 }},
]
"""
POETRY = f"""
[[package]]
name = "numpy"
files = [
    {{file = "numpy.whl", hash = "sha256:{SHA}"}},
]
[package.dependencies]
six = "*"
[[package]]
name = "six"
files = []
[metadata]
content-hash = "{SHA}"
"""
OLD_POETRY = (
    f'[[package]]\nname = "numpy"\n[metadata.files]\nnumpy = [{{file = "x", hash = "sha256:{SHA}"}}]\n'
)
PIPFILE = f"""{{
  "_meta": {{"hash": {{"sha256": "{SHA}"}}}},
  "default": {{"a": {{"hashes": ["sha256:{SHA}"]}}, "b": {{}}}}
}}"""
PYLOCK = f'[[packages]]\nname = "numpy"\n[[packages.wheels]]\nname = "x"\nhashes = {{sha256 = "{SHA}"}}\n'
CONDA = f"""
package:
  - name: numpy
    hash:
      md5: {"0" * 32}
      sha256: {SHA}
  - name: six
    version: 1
"""


@pytest.mark.parametrize(
    ("name", "text", "share"),
    [
        ("uv.lock", UV, 1.0),
        ("poetry.lock", POETRY, 0.5),
        ("poetry.lock", OLD_POETRY, 1.0),
        ("pdm.lock", POETRY, 0.5),
        ("Pipfile.lock", PIPFILE, 0.5),
        ("pylock.toml", PYLOCK, 1.0),
        ("conda-lock.yml", CONDA, 0.5),
        ("uv.lock", "", 0.0),
        ("Pipfile.lock", "[" * 100_000, 0.0),
        ("Pipfile.lock", '{"default": ["a"]}', 0.0),
        ("conda-lock.yml", "- name: \n" * 3, 0.0),
    ],
)
def test_each_lock_is_read_as_its_tool_writes_it(name: str, text: str, share: float) -> None:
    assert hashed_share(name, text) == pytest.approx(share)


def look(root: Path, run: str, **files: str) -> Finding:
    workspace = make_workspace(root)
    for name, text in files.items():
        (workspace.submission / name.replace("__", ".").replace("_d_", "-")).write_text(text)
    (workspace.submission / "Dockerfile").write_text(f"FROM python:3.11\n{run}\n")
    return by_check(grader.grade(workspace))[CHECK]


HASHED = f"numpy==2.0 \\\n    --hash=sha256:{SHA} \\\n    --hash=sha256:{SHA}\n"


@pytest.mark.parametrize(
    ("run", "files", "share"),
    [
        ("RUN pip install -r requirements.txt", {"requirements__txt": HASHED}, 1.0),
        ("RUN pip install -r requirements.txt", {"requirements__txt": HASHED + "six==1.0\n"}, 0.5),
        ("RUN pip install -r requirements.txt", {"requirements__txt": "six==1.0 # --hash=sha256:no\n"}, 0.0),
        ("RUN pip install six==1.0", {}, 0.0),
        (f"RUN pip install https://x/six.whl#sha256={SHA}", {}, 1.0),
        ("RUN uv sync --frozen", {"uv__lock": UV}, 1.0),
        ("RUN poetry install", {"poetry__lock": POETRY}, 0.5),
        ("RUN conda-lock install conda-lock.yml", {"conda_d_lock__yml": CONDA}, 0.5),
        ("RUN micromamba create -f conda-lock.yml", {"conda_d_lock__yml": CONDA}, 0.5),
    ],
)
def test_what_is_installed_counts_by_its_hash(
    tmp_path: Path, run: str, files: dict[str, str], share: float
) -> None:
    found = look(tmp_path, run, **files)
    assert found.points == pytest.approx(share * found.max_points)


@pytest.mark.parametrize("run", ["RUN true", "RUN pip install six", "RUN poetry install"])
def test_what_has_no_exact_version_loses_that_once(tmp_path: Path, run: str) -> None:
    assert look(tmp_path, run).outcome == Outcome.NOT_APPLICABLE
