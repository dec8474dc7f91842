"""Verbs of authors who have data of people: plan, apply, attack, report. Libraries are imported when a verb runs."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from audition.host.steps import Steps

if TYPE_CHECKING:
    from audition.anonymize.examine import Work

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_NOT_MET = 1
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_TABLE = click.Path(exists=True, path_type=Path)


@click.group()
def anonymize() -> None:
    """Make a table of people fit for strangers, and measure what risk is left."""


@anonymize.command()
@click.argument("table", type=_TABLE)
@click.option("--out", type=click.Path(path_type=Path), help="Write the draft here instead of printing it.")
def plan(table: Path, *, out: Path | None) -> None:
    """Look at every column of TABLE (CSV, Parquet, or a folder of them) and draft a privacy.toml to be confirmed."""
    from audition.anonymize.draft import draft_policy  # noqa: PLC0415  numbers are not for every verb
    from audition.anonymize.profile import profile_frame  # noqa: PLC0415
    from audition.anonymize.tables import read_frame  # noqa: PLC0415

    text = draft_policy(table.name, profile_frame(read_frame(table)))
    if out is None:
        click.echo(text, nl=False)
        return
    with out.open("x", encoding="utf-8") as file:
        file.write(text)
    click.echo(f"{out}: a rule for every column; look at each of them.", err=True)


@anonymize.command()
@click.argument("sources", type=_FILE)
@click.argument("raw", type=_FOLDER)
def fetch(sources: Path, raw: Path) -> None:
    """Ask the queries of SOURCES (a sources.toml) of their PostgreSQL and write the tables into RAW."""
    from audition.anonymize import fetch as fetching  # noqa: PLC0415

    with Steps().step("fetching") as step:
        found = fetching.fetch(fetching.read_queries(sources), raw, step.note)
    for name, one in found.items():
        click.echo(f"{name}: {one.path}, {one.rows:,} rows, sha256 {one.sha256}")


@anonymize.command()
@click.argument("policy", type=_FILE)
@click.argument("raw", type=_FOLDER)
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--new-key", is_flag=True, help="Make the key that the policy names, once.")
def apply(policy: Path, raw: Path, out: Path, *, new_key: bool) -> None:
    """Release the tables in RAW into OUT as POLICY says, if they pass its gate."""
    from audition.anonymize.apply import write_release  # noqa: PLC0415
    from audition.anonymize.examine import refuse_unfit  # noqa: PLC0415

    steps = Steps()
    work = _work(steps, policy, raw, new_key=new_key)
    refuse_unfit(work.examined)
    with steps.step("writing"):
        paths = write_release(work.applied, work.policy, out)
    for name, made in work.applied.tables.items():
        click.echo(f"{paths[name]}: {len(made.origin):,} rows, {made.suppressed_share:.2%} left out")
    for link in work.applied.links:
        click.echo(
            f"{link.column} → {link.refers_to}: {link.references:,} references, {link.dangling:,} dangling"
        )


@anonymize.command()
@click.argument("policy", type=_FILE)
@click.argument("raw", type=_FOLDER)
@click.pass_context
def attack(context: click.Context, policy: Path, raw: Path) -> None:
    """Attack what POLICY would release of the tables in RAW, and hold the results against its gate."""
    from audition.anonymize.tell import told  # noqa: PLC0415

    work = _work(Steps(), policy, raw, new_key=False)
    for one in work.examined.values():
        click.echo(told(one))
    context.exit(0 if all(one.is_fit for one in work.examined.values()) else _NOT_MET)


def _work(steps: Steps, policy: Path, raw: Path, *, new_key: bool) -> "Work":
    """Read, release in memory, attack."""
    from audition.anonymize.apply import apply_policy, read_sources  # noqa: PLC0415
    from audition.anonymize.examine import Work, examine  # noqa: PLC0415
    from audition.anonymize.keys import make_key, read_key  # noqa: PLC0415
    from audition.anonymize.rules import read_policy  # noqa: PLC0415

    rules = read_policy(policy)
    key_path = raw / rules.release.key_file
    key = make_key(key_path) if new_key else read_key(key_path)
    with steps.step("reading"):
        sources = read_sources(rules, raw)
    with steps.step("anonymizing") as step:
        applied = apply_policy(rules, sources, key, step.note)
    with steps.step("attacking") as step:
        examined = examine(rules, sources, applied, key, step.note)
    return Work(rules, key, sources, applied, examined)


@anonymize.command()
@click.argument("policy", type=_FILE)
@click.argument("raw", type=_FOLDER)
@click.argument("out", type=click.Path(path_type=Path))
def report(policy: Path, raw: Path, out: Path) -> None:
    """Write report.json and report.html into OUT: columns, risks, gate, utility, digests. No part of a release."""
    steps = Steps()
    _report(steps, _work(steps, policy, raw, new_key=False), policy, raw, out)


def release_and_report(policy: Path, raw: Path, out: Path, *, new_key: bool) -> None:
    """Write the report into a folder, and what passes the gate into `release` below it.

    Args:
        policy: The policy's file.
        raw: The folder of the raw tables.
        out: Where both go.
        new_key: Whether the key that the policy names is made.

    Raises:
        InvalidError: Policy, tables or key are not in order.
        DeniedError: The gate is not met; the report is written all the same.
    """
    from audition.anonymize.apply import write_release  # noqa: PLC0415
    from audition.anonymize.examine import refuse_unfit  # noqa: PLC0415

    steps = Steps()
    work = _work(steps, policy, raw, new_key=new_key)
    _report(steps, work, policy, raw, out)
    refuse_unfit(work.examined)
    with steps.step("writing"):
        paths = write_release(work.applied, work.policy, out / "release")
    for name, path in paths.items():
        click.echo(f"{path}: {len(work.applied.tables[name].origin):,} rows")


def _report(steps: Steps, work: "Work", policy: Path, raw: Path, out: Path) -> None:
    from audition import codec  # noqa: PLC0415
    from audition.anonymize.page import page  # noqa: PLC0415
    from audition.anonymize.report import make_report  # noqa: PLC0415

    with steps.step("measuring utility") as step:
        document = make_report(work, policy, raw, step.note)
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.json").write_bytes(codec.to_json(document))
    (out / "report.html").write_text(page(document), encoding="utf-8")
    click.echo(
        f"{out / 'report.html'}: the release {'passes' if document.is_fit else 'does not pass'} its gate"
    )
