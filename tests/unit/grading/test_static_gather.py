"""Copies for linters: by kind, bounded, without configuration, whatever the names and contents are."""

from pathlib import Path

import pytest

from audition.grading.static.gather import Gathered, Kind, gather
from audition.grading.static.pragmas import neutralise, pragmas_in

POD = "apiVersion: v1\nkind: Pod\n"
RULES = "groups:\n- name: a\n  rules:\n  - {alert: A,\n     expr: up == 0}\n"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(12)
)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    return folder


def gathered(repo: Path, files: dict[str, str | bytes]) -> Gathered:
    for name, content in files.items():
        path = repo / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return gather(repo, files, repo.parent / "scratch")


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("Dockerfile", "FROM a\n", Kind.DOCKERFILE),
        ("docker/Dockerfile.serve", "FROM a\n", Kind.DOCKERFILE),
        (".github/workflows/ci.yaml", "on: push\n", Kind.WORKFLOW),
        (".gitlab-ci.yml", "job: {}\n", Kind.GITLAB),
        ("k8s/pod.yml", POD, Kind.KUBERNETES),
        ("ops/rules.yml", RULES, Kind.RULES),
        ("ops/rules_test.yml", "rule_files: [rules.yml]\ntests: []\n", Kind.RULE_TESTS),
        ("start", "#!/usr/bin/env bash\n", Kind.SHELL),
        ("a/start.sh", "ls\n", Kind.SHELL),
        ("app.py", "x = 1\n", Kind.PYTHON),
        ("explore.ipynb", "{}", Kind.NOTEBOOK),
    ],
)
def test_each_file_is_copied_to_the_folder_of_its_kind(repo: Path, path: str, text: str, kind: Kind) -> None:
    found = gathered(repo, {path: text})
    assert found.files[kind] == [path]
    assert (found.folder(kind) / path).read_text() == text
    assert found.files[Kind.TEXT] == [path]


def test_rules_that_the_contract_names_are_rules_whatever_they_are_called(repo: Path) -> None:
    (repo / "alerts.rules").write_text("{}\n")
    found = gather(repo, ["alerts.rules"], repo.parent / "scratch", {Kind.RULES: ("alerts.rules",)})
    assert found.files[Kind.RULES] == ["alerts.rules"]


def test_rules_inside_an_object_of_the_operator_are_a_manifest_and_no_rule_file(repo: Path) -> None:
    (repo / "rules.yaml").write_text(f"apiVersion: a/v1\nkind: PrometheusRule\n{RULES}")
    found = gather(repo, ["rules.yaml"], repo.parent / "scratch", {Kind.RULES: ("rules.yaml",)})
    assert set(found.files) == {Kind.KUBERNETES, Kind.TEXT}


@pytest.mark.parametrize(
    "path", ["k8s/pod.yml", ".github/workflows/ci.yml", ".gitlab-ci.yml", "rules.yml", "a.yaml"]
)
def test_a_bomb_of_aliases_is_given_to_no_tool_that_would_expand_it(repo: Path, path: str) -> None:
    found = gathered(repo, {path: POD + BOMB if "pod" in path else RULES + BOMB})
    assert not found.files
    assert "aliases counted as what they stand for" in found.unbounded[path]


def test_yaml_that_does_not_parse_is_left_to_the_tools(repo: Path) -> None:
    found = gathered(repo, {"pod.yml": f"{POD}x: [\n"})
    assert found.files[Kind.KUBERNETES] == ["pod.yml"]
    assert not found.unbounded


def test_settings_that_are_no_manifest_are_text_only(repo: Path) -> None:
    found = gathered(repo, {"config.yaml": "kind: of\n"})
    assert set(found.files) == {Kind.TEXT}


def test_models_are_linked_and_not_copied(repo: Path) -> None:
    found = gathered(repo, {"model.joblib": b"\x80\x04" * 100})
    link = found.folder(Kind.MODEL) / "model.joblib"
    assert link.is_symlink()
    assert link.read_bytes() == b"\x80\x04" * 100


@pytest.mark.parametrize("name", ["new\nline.py", "a\x1b[31m.py", "d" * 301])
def test_names_that_tools_cannot_be_trusted_with_are_left_out(repo: Path, name: str) -> None:
    found = gather(repo, [name], repo.parent / "scratch")
    assert not found.files
    assert "name" in found.left_out[0]
    assert "\n" not in found.left_out[0]


def test_links_are_not_followed(repo: Path) -> None:
    (repo / "evil.py").symlink_to("/etc/passwd")
    assert not gather(repo, ["evil.py"], repo.parent / "scratch").files


def test_ten_megabytes_of_yaml_are_left_out_with_the_reason(repo: Path) -> None:
    found = gathered(repo, {"big.yaml": POD + "a: b\n" * 2_000_000})
    assert Kind.KUBERNETES not in found.files
    assert "too large" in found.left_out[0]


def test_a_manifest_beyond_its_own_bound_is_named(repo: Path) -> None:
    found = gathered(repo, {"big.yaml": POD + "# b\n" * 80_000})
    assert Kind.KUBERNETES not in found.files
    assert any("too many for a file of kind kubernetes" in reason for reason in found.left_out)


def test_more_files_than_are_looked_at_are_left_out(repo: Path) -> None:
    found = gathered(repo, {f"d{n}/Dockerfile": "FROM a\n" for n in range(7)})
    assert len(found.files[Kind.DOCKERFILE]) == 5
    assert len(found.left_out) == 2


def test_what_others_wrote_is_not_looked_at(repo: Path) -> None:
    assert not gathered(repo, {".venv/lib/a.py": "x\n", "node_modules/b/Dockerfile": "FROM a\n"}).files


def test_configuration_is_named_and_stays_behind(repo: Path) -> None:
    found = gathered(repo, {".hadolint.yaml": "ignored: [DL3007]\n"})
    assert [(s.tool, s.file, s.line) for s in found.suppressions] == [("hadolint", ".hadolint.yaml", None)]
    assert Kind.DOCKERFILE not in found.files


@pytest.mark.parametrize(
    ("tool", "line"),
    [
        ("hadolint", "# hadolint ignore=DL3007"),
        ("hadolint", "# hadolint global ignore=DL3007"),
        ("checkov", "#checkov:skip=CKV_DOCKER_2:later"),
        ("checkov", "    checkov.io/skip1: CKV_K8S_16=no"),
        ("zizmor", "- uses: a/b@v1 # zizmor: ignore[unpinned-uses]"),
        ("ruff", "import os  # noqa: F401"),
        ("ruff", "# ruff: noqa"),
        ("bandit", "run(x, shell=True)  # nosec B602"),
        ("detect-secrets", 'key = "a"  # pragma: allowlist secret'),
        ("gitleaks", 'key = "a"  # gitleaks:allow'),
        ("shellcheck", "# shellcheck disable=SC2086"),
    ],
)
def test_every_tools_pragma_is_counted_with_its_line(tool: str, line: str) -> None:
    (found,) = pragmas_in("file", f"first\n{line}\n".encode())
    assert (found.tool, found.line) == (tool, 2)


def test_what_a_pragma_hides_is_not_quoted() -> None:
    (found,) = pragmas_in("app.py", b'key = "do-not-show"  # pragma: allowlist secret\n')
    assert "do-not-show" not in found.excerpt


def test_directives_of_shellcheck_are_taken_out_and_lines_stay() -> None:
    script = b"#!/bin/sh\n# shellcheck disable=SC2086\necho $1\n"
    changed = neutralise(script)
    assert b"# shellcheck" not in changed
    assert changed.splitlines()[2] == b"echo $1"
