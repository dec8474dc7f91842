"""Documents say what is there: no more, no less."""

import ast
import re
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import click
import pytest
from flask import Flask

from audition.cli.main import cli
from audition.domain.grade import Outcome
from audition.domain.metrics import METRICS, MetricFacts
from audition.grading import CheckList
from audition.grading.runner import load_graders
from audition.web import api, operator
from tests.architecture.tree import REPO, files, sources
from tests.graders.workspaces import make_workspace, with_answers

DOCS = REPO / "docs"


def rows(document: str) -> dict[str, list[str]]:
    """The rows of a document's tables by the code in their first cell."""
    found = {}
    for line in (DOCS / document).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if line.startswith("| `"):
            for name in re.findall(r"`([^`]+)`", cells[0]):
                found[name] = cells[1:]
    return found


def taken_settings() -> dict[str, ast.expr]:
    """Environment variable to the default that `from_env` gives it."""
    source = next(s for s in sources("platform") if s.path.endswith("audition/settings.py"))
    calls = (node for node in source.nodes if isinstance(node, ast.Call))
    return {
        call.args[0].value: call.args[2]
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "take"
        if isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    }


def test_every_setting_is_documented_and_nothing_else() -> None:
    assert rows("settings.md").keys() == taken_settings().keys()


def test_documented_defaults_are_the_defaults() -> None:
    documented = rows("settings.md")
    for name, default in taken_settings().items():
        try:
            value = eval(compile(ast.Expression(default), name, "eval"), {"__builtins__": {}})
        except NameError:
            continue  # It depends on the machine; the page says so in words.
        said = documented[name][0]
        # No value is said in words: what happens then differs.
        assert said == f"`{value}`" if value else "`" not in said or " " in said, name


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every verb that does something, by its full name."""
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        assert child is not None
        yield from commands(child, (*path, name))


VERBS = dict(commands(cli))


def test_every_verb_has_its_section_and_nothing_else() -> None:
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    headings = re.findall(r"^### `audition ([a-z ]+?)(?: [\[A-Z].*)?`$", text, re.MULTILINE)
    assert sorted(headings) == sorted(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_arguments_and_options_of_a_verb_are_documented(verb: str) -> None:
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    match = re.search(rf"^### `audition {verb}(?: ([^`]+))?`$(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    assert match is not None
    heading, section = match[1] or "", match[2]
    parameters = VERBS[verb].params
    arguments = [p.name.upper() for p in parameters if isinstance(p, click.Argument) and p.name]
    options = chain.from_iterable(
        (*p.opts, *p.secondary_opts) for p in parameters if isinstance(p, click.Option)
    )
    assert re.findall(r"[A-Z]+", heading) == arguments
    assert set(re.findall(r"`(--[a-z-]+)", section)) == set(options) | EXTRA_OPTIONS.get(verb, set())


#: Options that a verb hands on to a program behind it.
EXTRA_OPTIONS = {"bench": {"--runs"}}


def prose() -> list[Path]:
    return [REPO / path for path in files() if path.endswith(".md") and not path.startswith("challenges/")]


def test_verbs_that_documents_name_are_there() -> None:
    known = {word for verb in VERBS for word in (verb, verb.split()[0])} | {""}
    for path in prose():
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(r"(?:\./|`)audition +([a-z]+)(?: ([a-z]+))?", text):
            said = {match[1], f"{match[1]} {match[2]}"}
            assert said & known, f"{path.name} names 'audition {match[1]}'"


def shown(rule: str) -> str:
    """A route with its variables in braces, as documents write it."""
    return re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", rule)


def test_every_api_route_is_documented_and_nothing_else() -> None:
    app = Flask("routes")
    app.register_blueprint(api.blueprint)
    app.register_blueprint(operator.blueprint)
    there = {
        f"{method} {shown(rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/") or rule.rule in {"/healthz", "/readyz"}
    }
    documented = {name for name in rows("api.md") if name.startswith(("GET ", "POST ", "PUT ", "DELETE "))}
    assert documented == there


def test_every_check_is_documented_with_its_points_and_nothing_else(tmp_path: Path) -> None:
    names = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]["entry-points"][
        "audition.graders"
    ]
    workspace = with_answers(make_workspace(tmp_path), {"1": 0, "2": 1})
    there = {
        finding.check: finding.max_points
        for grader in load_graders(names)
        for finding in grader.grade(workspace).findings
    }
    assert {name: float(cells[0]) for name, cells in rows("checks.md").items()} == there


def test_every_metric_is_documented_with_its_facts_and_nothing_else() -> None:
    def values(facts: MetricFacts) -> str:
        low = "(-∞" if facts.low is None else f"[{facts.low:g}"
        return f"{low}, ∞)" if facts.high is None else f"{low}, {facts.high:g}]"

    there = {
        name: [
            facts.label,
            facts.direction.value,
            facts.form.value,
            facts.interval.value,
            values(facts),
            facts.unit or "none",
            ", ".join(f"`{key}`" for key in facts.needs) or "nothing",
        ]
        for name, facts in METRICS.items()
    }
    assert rows("authoring.md") == there


def test_every_check_says_why_and_how_to_fix() -> None:
    names = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]["entry-points"][
        "audition.graders"
    ]
    lists = [grader for grader in load_graders(names) if isinstance(grader, CheckList)]
    for check in chain.from_iterable(grader.checks for grader in lists):
        assert re.fullmatch(r"[a-z]+(\.[a-z-]+)+", check.id)
        assert check.title[0].isupper()
        assert not check.title.endswith(".")
        assert check.why.endswith(".")
        assert len(check.fix) > 20
    assert {outcome.value for outcome in Outcome} >= {"passed", "partial", "failed"}


def test_every_dependency_is_documented_and_nothing_else() -> None:
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())]
    names = {re.match(r"[A-Za-z0-9-]+", text)[0] for text in asked}  # type: ignore[index]
    assert rows("dependencies.md").keys() == names


def test_every_dependency_is_locked() -> None:
    locked = set(
        re.findall(
            r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==", (REPO / "requirements/dev.lock").read_text(), re.MULTILINE
        )
    )
    assert rows("dependencies.md").keys() <= locked


def test_every_entry_of_the_changelog_stands_under_a_heading() -> None:
    lines = (REPO / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    entries = [n for n, line in enumerate(lines) if line.startswith(("- ", "* "))]
    headings = [n for n, line in enumerate(lines) if re.match(r"## \S", line)]
    assert entries
    assert headings
    assert headings[0] < entries[0]


def test_links_between_documents_lead_somewhere() -> None:
    for path in prose():
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            if "://" not in target and not target.startswith("mailto:"):
                assert (path.parent / target).exists(), f"{path.name} links to {target}"
