"""Checks on alert rules: valid, about metrics that exist, actionable, and about what goes wrong with a model."""

from collections.abc import Iterator

from audition.domain.contract import Contract
from audition.domain.grade import Dimension, Evidence
from audition.grading import Result, Workspace, check, failed, not_applicable, partial, passed
from audition.grading.tree import Tree
from audition.grading.yaml_files import at, items, read_yaml
from graders.monitoring import promtool
from graders.monitoring.kinds import ERRORS, LATENCY, tells_of_drift
from graders.monitoring.names import exposed_metrics, is_external
from graders.monitoring.rules import Rule, Rules, find_rules

_KEY = "monitoring.rules"
_TELLING = ("summary", "description", "message", "runbook_url")


def _none(workspace: Workspace) -> Result:
    if workspace.manifest.weights.get(Dimension.OBSERVABILITY, 0) > 0:
        return failed("There are no alert rules.")
    return not_applicable("There are no alert rules, and the challenge asks for none.")


def _graded(workspace: Workspace, share: float, good: str, bad: str, *evidence: Evidence) -> Result:
    """A share of points, less when the rule files had to be found; the sentence says so."""
    inventory = workspace.evidence.inventory
    credit = inventory.credit(_KEY)
    found = next((f" {d.sentence}" for d in inventory.discovered if d.key == _KEY), "")
    if share * credit >= 1:
        return passed(good)
    sentence = f"{good if share >= 1 else bad}{found}"
    return partial(share * credit, sentence, *evidence) if share > 0 else failed(sentence, *evidence)


@check(
    "monitoring.rules.valid",
    "Alert rules are valid",
    points=2,
    why="Prometheus refuses a whole file for one rule that it cannot read, and then nothing alerts.",
    fix="Run `promtool check rules` in CI.",
)
def valid(workspace: Workspace) -> Result:
    """Share of rules that neither our reading nor promtool refuses (catalogue E6, first half)."""
    found = find_rules(workspace)
    if not found.rules and not found.broken:
        return _none(workspace)
    wrong = [rule.says(rule.errors[0]) for rule in found.rules if rule.errors]
    wrong += promtool.further_faults(workspace, found)
    total = len(found.rules) + len(found.broken)
    bad = min(total, len(wrong) + len(found.broken))
    good = f"All {total} rules are valid."
    said = f"{bad} of {total} rules cannot be loaded."
    result = _graded(workspace, 1 - bad / total, good, said, *found.broken, *wrong)
    return promtool.noted(result, workspace, promtool.RULES)


@check(
    "monitoring.rules.metrics-exist",
    "Alerts look at metrics that the service has",
    points=3,
    why="An alert on a metric that does not exist is silent for ever, and looks like good health.",
    fix="Use the names that your code gives to its metrics, with the endings that the client library adds.",
)
def metrics_exist(workspace: Workspace) -> Result:
    """Share of alerts whose metrics are all in the code (catalogue E6); metrics of others are taken as given."""
    found = find_rules(workspace)
    if not found.alerts:
        return _none(workspace)
    known = known_series(workspace, found)
    missing = {rule: sorted(unknown) for rule in found.alerts if (unknown := _unknown(rule, known))}
    silent = [rule for rule in found.alerts if not rule.expression.metrics and rule not in missing]
    evidence = [rule.says(f"no code exposes {', '.join(names)[:200]}") for rule, names in missing.items()]
    evidence += [rule.says("looks at no metric by name") for rule in silent]
    count = len(found.alerts)
    good = f"All {count} alerts look at metrics that the code exposes."
    bad = f"{len(evidence)} of {count} alerts look at metrics that no code exposes."
    return _graded(workspace, 1 - len(evidence) / count, good, bad, *evidence)


def known_series(workspace: Workspace, found: Rules) -> frozenset[str]:
    """Names of all series that the code exposes or that rules record."""
    exposed = exposed_metrics(workspace.submission)
    return found.recorded.union(*(metric.series for metric in exposed))


def _unknown(rule: Rule, known: frozenset[str]) -> set[str]:
    return {name for name in rule.expression.metrics if name not in known and not is_external(name)}


@check(
    "monitoring.rules.actionable",
    "Alerts wait, rank and explain",
    points=1,
    why="Whoever is woken at night needs to know how bad it is and what to do, and not for a blip.",
    fix="Give each alert a `for`, a severity label and a summary with the next step.",
)
def actionable(workspace: Workspace) -> Result:
    """Three things for each alert: `for`, a severity, a text."""
    found = find_rules(workspace)
    if not found.alerts:
        return _none(workspace)
    lacks = []
    for rule in found.alerts:
        if not rule.has_for:
            lacks.append(rule.says("has no `for`"))
        if "severity" not in rule.labels:
            lacks.append(rule.says("has no severity"))
        if not any(rule.annotations.get(key) for key in _TELLING):
            lacks.append(rule.says("does not say what it means"))
    total = 3 * len(found.alerts)
    good = "Every alert waits, has a severity and says what it means."
    bad = f"{len(lacks)} of {total} things that make an alert useful are missing."
    return _graded(workspace, 1 - len(lacks) / total, good, bad, *lacks)


@check(
    "monitoring.rules.coverage",
    "Alerts for slow answers, errors and drift",
    points=2,
    why="A model fails in three ways: late, not at all, or with answers that fit a world that is gone.",
    fix="Alert on a latency quantile, on the share of errors, and on a drift signal.",
)
def coverage(workspace: Workspace) -> Result:
    """Which of the three kinds of failure have an alert."""
    found = find_rules(workspace)
    if not found.alerts:
        return _none(workspace)
    contract = workspace.evidence.inventory.contract
    there = {
        "slow answers": any(LATENCY.search(_words(rule)) for rule in found.alerts),
        "errors": any(ERRORS.search(_words(rule)) for rule in found.alerts),
        "drift": any(_tells_of_drift(rule, contract) for rule in found.alerts),
    }
    missing = [name for name, is_there in there.items() if not is_there]
    good = "There are alerts for slow answers, errors and drift."
    bad = f"There is no alert for {' and '.join(missing)}."
    return _graded(workspace, 1 - len(missing) / len(there), good, bad)


def _words(rule: Rule) -> str:
    return f"{rule.name} {rule.expression.text}"


def _tells_of_drift(rule: Rule, contract: Contract) -> bool:
    return tells_of_drift(rule.expression.metrics, {s.metric for s in contract.monitoring.signals})


@check(
    "monitoring.rules.tested",
    "Alert rules have tests of their own, which pass",
    points=0.5,
    why="A rule is code that runs on the worst day; a test is the only way to see it work before.",
    fix="Write unit tests for the rules in promtool's form and name them under monitoring.rule_tests.",
)
def tested(workspace: Workspace) -> Result:
    """Share of alerts that a rule test names x share of the test files that pass (catalogue E8)."""
    found = find_rules(workspace)
    if not found.alerts:
        return _none(workspace)
    paths = workspace.evidence.inventory.contract.monitoring.rule_tests
    named = _named_in(Tree(workspace.submission), paths)
    missing = [rule.says("no test names it") for rule in found.alerts if rule.name not in named]
    broken = [
        Evidence(summary=f"fails: {fault.message[:200]}", file=fault.file)
        for fault in promtool.faults_of(workspace, promtool.TESTS)
    ]
    share = (1 - len(missing) / len(found.alerts)) * max(0.0, 1 - len(broken) / max(1, len(paths)))
    did_run = promtool.did_run(workspace, promtool.TESTS)
    good = f"Every alert is tested{', and the tests pass' if did_run else ''}."
    bad = " ".join(_test_trouble(len(found.alerts), len(missing), len(broken)))
    result = _graded(workspace, share, good, bad, *broken, *missing)
    return promtool.noted(result, workspace, promtool.TESTS)


def _named_in(tree: Tree, paths: tuple[str, ...]) -> set[str]:
    """The alerts that tests name."""
    texts = (tree.text(path) for path in paths)
    documents = (document for text in texts if text for document in read_yaml(text).documents)
    tests = (test for document in documents for test in items(document.value, "tests"))
    return {str(at(case, "alertname")) for test in tests for case in items(test, "alert_rule_test")}


def _test_trouble(alerts: int, missing: int, broken: int) -> Iterator[str]:
    if missing == alerts:
        yield "No alert is tested."
    elif missing:
        yield f"{missing} of {alerts} alerts are not tested."
    if broken:
        yield f"The tests in {broken} file{'s' if broken > 1 else ''} fail."
