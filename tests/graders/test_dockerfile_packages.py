"""What a Dockerfile installs, read as pip, uv, poetry, conda and the others would."""

import time
from pathlib import Path

import pytest

from audition.domain.grade import Finding, Outcome
from audition.grading import Workspace
from graders.dockerfile import grader
from tests.graders.workspaces import by_check, make_workspace

CHECK = "dockerfile.dependencies.pinned"
SHA = "ab" * 32
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make_workspace(tmp_path)


def look(workspace: Workspace, run: str, **files: str) -> Finding:
    """The finding on a Dockerfile with one RUN; in file names "__" is a dot and "_s_" a slash."""
    for name, text in files.items():
        path = workspace.submission / name.replace("_s_", "/").replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (workspace.submission / "Dockerfile").write_text(f"FROM python:3.11\n{run}\n")
    return by_check(grader.grade(workspace))[CHECK]


@pytest.mark.parametrize(
    "line",
    [
        "numpy==2.4.6",
        "numpy == 2.4.6",
        "numpy===2.4.6",
        "numpy (==2.4.6)",
        "numpy==2.4.6  # a comment",
        "numpy[all,extra]==2.4.6",
        'numpy==2.4.6; python_version < "3.13"',
        "numpy>=2,==2.4.6",
        "numpy==2.4.6 --hash=sha256:" + SHA,
        "numpy==2.4.6 \\\n  --hash=sha256:" + SHA + " \\\n  --hash=sha256:" + SHA,
        "numpy==2.4.6+cpu",
        f"numpy @ https://example.org/numpy.whl#sha256={SHA}",
        f"https://example.org/numpy-2.whl#sha256={SHA}",
        f"numpy @ git+https://example.org/numpy@{COMMIT}",
        f"-e git+https://example.org/numpy@{COMMIT}#egg=numpy",
        "numpy==${NUMPY_VERSION}",
        "./vendor/numpy-2.4.6.whl\nnumpy==2.4.6",
    ],
)
def test_a_requirement_line_with_one_version_or_content_is_pinned(workspace: Workspace, line: str) -> None:
    finding = look(workspace, "RUN pip install -r requirements.txt", requirements__txt=f"{line}\n")
    assert finding.sentence == "All 1 requirements name an exact version."


@pytest.mark.parametrize(
    "line",
    [
        "numpy",
        "numpy>=2",
        "numpy~=2.4.6",
        "numpy!=2.4.6",
        "numpy==2.*",
        "numpy<3,>=2",
        'numpy; python_version == "3.11"',
        "numpy @ https://example.org/numpy.whl",
        "git+https://example.org/numpy@main",
        "-e git+https://example.org/numpy#egg=numpy",
        "numpy[all]",
        "numpy \\\n  ; sys_platform == 'linux'",
    ],
)
def test_a_requirement_line_that_can_move_is_loose(workspace: Workspace, line: str) -> None:
    finding = look(workspace, "RUN pip install -r requirements.txt", requirements__txt=f"# top\n{line}\n")
    assert finding.sentence == "1 of 1 requirements name no exact version."
    assert (finding.evidence[0].file, finding.evidence[0].line) == ("requirements.txt", 2)


def test_only_requirements_count_in_a_requirement_file(workspace: Workspace) -> None:
    text = (
        "# comment\n\n--index-url https://example.org/simple\n--extra-index-url=https://x\n-f wheels\n--pre\n"
        "-e .\n./local\nlib/tool.whl\npip\nnumpy==1\n   # indented\nscipy\n"
    )
    finding = look(workspace, "RUN pip install -r requirements.txt", requirements__txt=text)
    assert finding.sentence == "1 of 2 requirements name no exact version."
    assert finding.evidence[0].line == 13


def test_files_that_a_file_names_count_with_it(workspace: Workspace) -> None:
    finding = look(
        workspace,
        "RUN pip install -r requirements/prod.txt",
        requirements_s_prod__txt="-r base.txt\n--requirement=base.txt\nflask==3\n",
        requirements_s_base__txt="numpy\n-r prod.txt\n",
    )
    assert finding.outcome == Outcome.PARTIAL
    assert finding.evidence[0].file == "requirements/base.txt"


def test_constraints_pin_what_they_name(workspace: Workspace) -> None:
    files = {"requirements__txt": "NumPy>=1\nscipy\n", "constraints__txt": "numpy==2.4.6\n"}
    finding = look(workspace, "RUN pip install -c constraints.txt -r requirements.txt", **files)
    assert finding.sentence == "1 of 2 requirements name no exact version."
    inside = {"requirements__txt": "-c constraints.txt\nnumpy\n"}
    assert look(workspace, "RUN pip install -r requirements.txt", **inside).outcome == Outcome.PASSED


@pytest.mark.parametrize(
    ("command", "loose", "total"),
    [
        ("pip install numpy", 1, 1),
        ("pip3.11 install numpy==1", 0, 1),
        ("python3 -m pip install --user numpy==1 scipy", 1, 2),
        ("python -I -m pip --no-input install numpy", 1, 1),
        ("/opt/venv/bin/pip install numpy", 1, 1),
        ("pip --no-cache-dir install --index-url https://x/simple --target /lib numpy==1", 0, 1),
        ("pip install --index-url=https://x --timeout 60 -t /lib numpy", 1, 1),
        ("pip install 'numpy>=1' \"scipy==2\"", 1, 2),
        ("pip install numpy>=1", 1, 1),
        ("pip install numpy==1 2>&1 | tee log.txt", 0, 1),
        ("pip install numpy==1 > /dev/null && pip install scipy", 1, 2),
        ("set -ex; pip install numpy; rm -rf /var/cache/pip", 1, 1),
        ("if true; then pip install numpy; fi", 1, 1),
        ("(cd /x && PIP_PRE=0 sudo -H pip install numpy)", 1, 1),
        ('bash -lc "pip install numpy && echo done"', 1, 1),
        ("pip wheel -w /wheels numpy==1 && pip install --no-index -f /wheels /wheels/*.whl", 0, 1),
        ("pip install ./dist/mine-1.0.whl numpy==1", 0, 1),
        (f"pip install https://x/y.whl#sha256={SHA}", 0, 1),
        ("pip install pip==24 uv numpy==1 # with scipy", 0, 1),
        ("uv pip install --system numpy", 1, 1),
        ("uv --no-cache pip install -p 3.11 numpy==1", 0, 1),
        ("uv add numpy", 1, 1),
        ("conda install -y -c conda-forge numpy=1.26.4 scipy", 1, 2),
        ("micromamba install -n base --channel defaults numpy==1.26.4", 0, 1),
        ("mamba create --name x 'numpy>=1' scipy=1.*", 2, 2),
    ],
)
def test_each_command_is_read_as_its_tool_reads_it(
    workspace: Workspace, command: str, loose: int, total: int
) -> None:
    finding = look(workspace, f"RUN {command}")
    expected = f"{loose} of {total} requirements name no" if loose else f"All {total} requirements name an"
    assert finding.sentence.startswith(expected)


@pytest.mark.parametrize(
    "command",
    [
        "apt-get update && apt-get install -y python3-numpy",
        "pip install --upgrade pip setuptools wheel",
        "pip install uv poetry",
        "pip --version",
        "pip freeze",
        "echo pip install numpy",
        "poetry config virtualenvs.create false",
        "conda clean --all",
        "npm install left-pad",
        "pip install --no-deps .",
    ],
)
def test_what_installs_no_packages_is_not_judged(workspace: Workspace, command: str) -> None:
    assert look(workspace, f"RUN {command}").outcome == Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("command", "lock"),
    [
        ("uv sync --frozen", "uv.lock"),
        ("pip install uv && uv --quiet sync", "uv.lock"),
        ("poetry install --only main --no-root", "poetry.lock"),
        ("pipenv install --deploy --system", "Pipfile.lock"),
        ("python -m pipenv sync", "Pipfile.lock"),
        ("pdm sync --prod", "pdm.lock"),
        ("poetry export -o r.txt && pip install -r r.txt", "poetry.lock"),
    ],
)
def test_a_lock_pins_everything_and_its_absence_nothing(
    workspace: Workspace, command: str, lock: str
) -> None:
    without = look(workspace, f"RUN {command}")
    assert without.outcome in {Outcome.FAILED, Outcome.PARTIAL}
    (workspace.submission / lock).write_text("")
    assert look(workspace, f"RUN {command}").outcome == Outcome.PASSED


def test_uv_pip_sync_takes_files(workspace: Workspace) -> None:
    files = {"requirements__txt": "numpy\nscipy==1\n"}
    assert look(workspace, "RUN uv pip sync --system requirements.txt", **files).points == 1.5


def test_a_project_brings_its_dependencies(workspace: Workspace) -> None:
    project = '[project]\nname = "x"\ndependencies = ["numpy==1", "scipy"]\n'
    for command in (
        "pip install .",
        "pip install -e .",
        "pip install './[extra]'",
        "uv pip install --editable .",
    ):
        finding = look(workspace, f"RUN {command}", pyproject__toml=project)
        assert finding.sentence == "1 of 2 requirements name no exact version."
        assert finding.evidence[0].file == "pyproject.toml"


def test_a_project_of_poetry_brings_its_dependencies(workspace: Workspace) -> None:
    project = '[tool.poetry.dependencies]\npython = "^3.11"\nnumpy = "1.26.4"\nscipy = "^1"\nx = { version = "1.0" }\n'
    finding = look(workspace, "RUN pip install .", pyproject__toml=project)
    assert finding.sentence == "1 of 3 requirements name no exact version."


@pytest.mark.parametrize("project", [None, "not toml [", "x = " + "[" * 20_000])
def test_a_project_that_cannot_be_read_is_half_the_points(workspace: Workspace, project: str | None) -> None:
    files = {} if project is None else {"pyproject__toml": project}
    finding = look(workspace, "RUN pip install .", **files)
    assert (finding.outcome, finding.points) == (Outcome.PARTIAL, 1.5)


def test_a_conda_environment_is_read(workspace: Workspace) -> None:
    text = (
        "name: x\nchannels:\n  - conda-forge\n"
        "dependencies:\n  - python=3.11\n  - numpy>=1\n  - pip:\n    - flask==3.1\n"
    )
    finding = look(workspace, "RUN conda env create -f environment.yml", environment__yml=text)
    assert finding.sentence == "1 of 3 requirements name no exact version."
    assert finding.evidence[0].line == 6


@pytest.mark.parametrize(
    "name", ["/", ".", "..", "*", "", "a" * 5000, "$FILE", "/etc/passwd", "../../etc/passwd", "[", "\\"]
)
def test_names_of_files_are_only_ever_compared(workspace: Workspace, name: str) -> None:
    """A pattern, an absolute path or a parent folder reaches nothing outside the submission."""
    finding = look(workspace, f'RUN pip install -r "{name}"')
    assert finding.outcome in {Outcome.PARTIAL, Outcome.NOT_APPLICABLE}
    assert "root:" not in repr(finding)


def test_the_file_whose_path_ends_most_alike_is_meant(workspace: Workspace) -> None:
    files = {"a_s_requirements__txt": "numpy\n", "b_s_requirements__txt": "numpy==1\n"}
    assert look(workspace, "RUN pip install -r /app/b/requirements.txt", **files).outcome == Outcome.PASSED
    assert look(workspace, "RUN pip install -r /app/a/requirements.txt", **files).outcome == Outcome.FAILED


def test_a_requirement_file_of_powershell_is_read(workspace: Workspace) -> None:
    (workspace.submission / "requirements.txt").write_bytes("numpy==1\r\nscipy==2\r\n".encode("utf-16"))
    assert look(workspace, "RUN pip install -r requirements.txt").sentence.startswith("All 2")


def test_an_enormous_requirement_file_is_not_read(workspace: Workspace) -> None:
    finding = look(workspace, "RUN pip install -r requirements.txt", requirements__txt="numpy\n" * 200_000)
    assert (finding.outcome, finding.points) == (Outcome.PARTIAL, 1.5)


def test_a_link_among_the_files_is_not_followed(workspace: Workspace) -> None:
    (workspace.submission / "requirements.txt").symlink_to("/etc/passwd")
    assert "root" not in repr(look(workspace, "RUN pip install -r requirements.txt"))


def test_later_stages_are_looked_at_each_for_itself(workspace: Workspace) -> None:
    finding = look(
        workspace,
        "COPY requirements.txt .\nRUN pip install -r requirements.txt\n"
        "FROM python:3.11\nCOPY . .\nRUN pip install scipy",
        requirements__txt="numpy==1\n",
    )
    assert finding.sentence == "1 of 2 requirements name no exact version."
    order = by_check(grader.grade(workspace))["dockerfile.layers.dependencies-first"]
    assert (order.outcome, order.evidence[0].line) == (Outcome.FAILED, 5)


def test_code_copied_in_a_stage_that_is_continued_counts(workspace: Workspace) -> None:
    (workspace.submission / "Dockerfile").write_text(
        "FROM python:3.11 AS base\nCOPY . .\nFROM base\nRUN pip install numpy==1\n"
    )
    order = by_check(grader.grade(workspace))["dockerfile.layers.dependencies-first"]
    assert (order.outcome, order.evidence[0].line) == (Outcome.FAILED, 2)


def test_a_stage_that_installed_first_is_a_sound_start_for_another(workspace: Workspace) -> None:
    (workspace.submission / "Dockerfile").write_text(
        "FROM python:3.11 AS base\nRUN pip install numpy==1\nCOPY . .\nFROM base\nRUN pip install scipy==1\n"
    )
    order = by_check(grader.grade(workspace))["dockerfile.layers.dependencies-first"]
    assert order.outcome == Outcome.PASSED


@pytest.mark.parametrize("option", ["-r", "-c"])
def test_files_that_name_themselves_are_read_once(workspace: Workspace, option: str) -> None:
    text = "numpy==2.4.6\n" + f"{option} requirements.txt\n" * 1000
    finding = look(workspace, "RUN pip install -r requirements.txt", requirements__txt=text)
    assert finding.sentence == "All 1 requirements name an exact version."


@pytest.mark.parametrize(
    "line", ["#" * 400_000, "a" + " -" * 200_000, "a" + "#&" * 200_000, "\\\n" * 100_000]
)
def test_a_line_without_end_is_read_in_time(workspace: Workspace, line: str) -> None:
    began = time.process_time()
    look(workspace, "RUN pip install -r requirements.txt", requirements__txt=line)
    assert time.process_time() - began < 3


def test_a_project_key_of_very_many_parts_is_not_parsed(workspace: Workspace) -> None:
    finding = look(workspace, "COPY . .\nRUN pip install .", pyproject__toml=".".join("a" * 50_000) + " = 1")
    assert "could not be found" in finding.sentence


def test_variables_that_double_stay_small(workspace: Workspace) -> None:
    lines = [f"ENV v{n}=$v{n - 1}$v{n - 1}" for n in range(1, 40)]
    began = time.process_time()
    look(workspace, "\n".join(["ENV v0=0123456789", *lines, "USER $v39", "RUN pip install numpy==2"]))
    assert time.process_time() - began < 3
