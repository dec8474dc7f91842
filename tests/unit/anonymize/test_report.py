"""What a release is still good for, and the document that says all of it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.metrics import roc_auc_score

from audition.anonymize.columns import levels, numbers
from audition.anonymize.curve import Point, draw_curve, risk_utility
from audition.anonymize.keys import make_key
from audition.anonymize.policy import ColumnRule, Role, Transform
from audition.anonymize.release import Making, make_release
from audition.anonymize.tables import write_frame
from audition.anonymize.utility import Score, matrix, measure_utility, weighted_auc
from audition.catalog.raw import raw_digest
from audition.cli.anonymize import anonymize
from audition.cli.author import challenge
from audition.domain.errors import DeniedError
from tests.unit.anonymize.samples import KEY, open_gate, people, people_policy, released_as_they_are, write

POLICY = """
[release]
file = "people.csv"
[gate]
k = 4
suppressed_share = 0.2
attacks = 100
[columns.age]
role = "quasi-identifier"
transform = "lattice"
widths = [10, 20]
why = "<b>grows</b> with experience"
[columns.sex]
role = "quasi-identifier"
transform = "keep"
[columns.town]
role = "identifier"
[columns.income]
role = "sensitive"
transform = "group-mean"
round_to = 10
[columns.back]
role = "target"
transform = "flag"
positive = "yes"
"""


def test_the_area_with_weights_is_the_area_of_repeated_rows() -> None:
    random = np.random.default_rng(4)
    truth, said = (random.random(80) < 0.4).astype(float), random.integers(0, 9, 80) / 9
    weights = random.integers(0, 3, (5, 80))
    for area, weight in zip(weighted_auc(truth, said, weights), weights, strict=True):
        expected = roc_auc_score(np.repeat(truth, weight), np.repeat(said, weight))
        assert area == pytest.approx(expected)


def test_columns_become_numbers_with_flags_for_what_is_missing() -> None:
    found = matrix({"n": numbers([1, None, 3]), "t": levels(["2", "4", None]), "w": levels(["a", "b", "a"])})
    assert found.tolist() == [[1, 0, 2, 0, 1, 0], [2, 1, 4, 0, 0, 1], [3, 0, 3, 1, 1, 0]]


def test_a_copy_loses_nothing_and_noise_loses_everything() -> None:
    source = people(1500)
    copy = released_as_they_are(source)
    table = replace(copy, columns={**copy.columns, "back": people_policy().columns["back"]})
    making = Making(table, open_gate(), KEY)
    made = make_release(source, making)
    same = measure_utility(source, made, table, 5000, only="linear")
    assert same is not None
    assert same.metric == "ROC AUC"
    assert same.models[0].raw.value > 0.75
    assert same.models[0].loss.value == pytest.approx(0)
    mixed = np.random.default_rng(1).permutation(len(made.origin))
    noise = {name: column if name == "back" else column.take(mixed) for name, column in made.frame.items()}
    lost = measure_utility(source, replace(made, frame=noise), table, 5000, only="linear")
    assert lost is not None
    assert lost.models[0].released.value == pytest.approx(0.5, abs=0.1)
    assert lost.models[0].loss.low > 0.1


def test_without_a_target_there_is_nothing_to_be_good_for() -> None:
    source = people(300)
    table = people_policy(back=ColumnRule(role=Role.FEATURE, transform=Transform.KEEP))
    made = make_release(source, Making(table, open_gate(k=2), KEY))
    assert measure_utility(source, made, table, 500) is None


def test_a_larger_k_lowers_the_risk() -> None:
    points = risk_utility(people(1500), Making(people_policy(), open_gate(k=4), KEY))
    assert [point.k for point in points] == [2, 3, 4, 5, 10, 20]
    assert points[0].risk > points[-1].risk + 0.2


def test_the_curve_marks_the_chosen_k() -> None:
    score = Score(value=0.8, low=0.7, high=0.9)
    points = tuple(Point(k=k, risk=1 / k, utility=score, suppressed_share=0) for k in (2, 5))
    drawn = draw_curve(points, "ROC <AUC>", 5)
    assert drawn.count('r="5" fill="none"') == 1
    assert drawn.count('r="5" fill="currentColor"') == 1
    assert "ROC &lt;AUC&gt;" in drawn


def test_a_challenge_is_released_with_its_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = tmp_path / "club" / "data" / "raw"
    raw.mkdir(parents=True)
    write_frame(people(600), raw / "people.csv")
    write(tmp_path / "club", "challenge.toml", "")
    policy = write(tmp_path / "club", "privacy.toml", POLICY)
    monkeypatch.setenv("AUDITION_CHALLENGES_DIR", str(tmp_path))
    asked = ["anonymize", "club", str(tmp_path / "out"), "--new-key"]
    done = CliRunner().invoke(challenge, asked, catch_exceptions=False)
    assert done.exit_code == 0
    assert (tmp_path / "out/release/people.csv").is_file()
    policy.write_text(POLICY.replace("attacks = 100", "attacks = 100\nlinked_share = 0.0"))
    with pytest.raises(DeniedError):
        CliRunner().invoke(challenge, [*asked[:2], str(tmp_path / "bad")], catch_exceptions=False)
    assert (tmp_path / "bad/report.html").is_file()
    assert not (tmp_path / "bad/release").exists()


def test_the_report_has_everything_but_the_key(tmp_path: Path) -> None:
    write_frame(people(600), tmp_path / "people.csv")
    policy = write(tmp_path, "privacy.toml", POLICY)
    key = make_key(tmp_path / "release.key")
    done = CliRunner().invoke(anonymize, ["report", str(policy), str(tmp_path), str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "passes its gate" in done.output
    text = (tmp_path / "out/report.json").read_text()
    page = (tmp_path / "out/report.html").read_text()
    assert key.secret.decode() not in text + page
    document = json.loads(text)
    (table,) = document["tables"]
    found = table["examined"]["assessment"]
    assert f"{found['released_rows']:,} of {found['rows']:,} rows are released" in page
    certain = found["linkages"][-1]["certain"]["value"]
    assert f"row for certain in {100 * certain:.0f} of 100 cases" in page
    assert document["key_id"] == key.id
    assert table["source_sha256"] == raw_digest(tmp_path / "people.csv")
    assert [column["done"] for column in table["columns"] if column["name"] == "town"] == ["not released"]
    assert [model["model"] for model in table["utility"]["models"]] == [
        "linear",
        "boosted trees",
        "random forest",
    ]
    assert "&lt;b&gt;grows&lt;/b&gt; with experience" in page
    assert "<svg" in page
    assert "entropy-l" in page
    signed = {**document, "signature": ""}
    canonical = json.dumps(signed, sort_keys=True, separators=(",", ":")).encode()
    assert key.signature(canonical) == document["signature"]
    applied = CliRunner().invoke(anonymize, ["apply", str(policy), str(tmp_path), str(tmp_path / "rel")])
    assert applied.exit_code == 0, applied.output
    assert table["release_sha256"] == raw_digest(tmp_path / "rel/people.csv")
