"""What drift traffic is made of credit-scoring: which rows may stand for "as in training", which drift shows."""

import csv
from dataclasses import replace

import pytest

from audition import codec
from audition.catalog.read import read_challenge
from audition.domain.challenge import Manifest
from audition.domain.drift_plan import DriftKind, DriftScale, DriftSpec, Injection, Pace, make_plan
from audition.domain.drift_traffic import DriftTraffic
from graders.drift.make_traffic import make_traffic, read_data
from tests.challenges.conftest import PACK, Prepared


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return read_challenge(PACK).manifest


def spec_of(manifest: Manifest) -> DriftSpec:
    assert manifest.drift is not None
    return manifest.drift


@pytest.fixture(scope="module")
def traffic(manifest: Manifest, prepared: Prepared) -> DriftTraffic:
    spec = spec_of(manifest)
    return make_traffic(spec, read_data(manifest, spec, [prepared.public, prepared.private]))


def test_the_family_of_the_challenge_can_be_published(traffic: DriftTraffic) -> None:
    assert traffic.refusals == ()
    assert traffic.problems() == []
    hidden = {found.injection.kind for found in traffic.calibrated if not found.is_visible}
    assert hidden == {DriftKind.CORRELATION}


def test_what_is_sent_has_the_columns_of_the_rows_to_predict(
    manifest: Manifest, traffic: DriftTraffic, prepared: Prepared
) -> None:
    with (prepared.public / "test.csv").open(newline="") as file:
        columns = set(next(csv.reader(file))) - {manifest.output.id_column}
    assert set(traffic.columns) == columns


def test_every_run_of_a_full_plan_finds_its_rows(manifest: Manifest, traffic: DriftTraffic) -> None:
    for run in make_plan(spec_of(manifest), DriftScale.FULL, Pace(), 3).runs:
        made = traffic.drifted_rows(run)
        assert (made is None) == (run.injection is None)


def test_the_same_data_give_the_same_traffic(
    manifest: Manifest, traffic: DriftTraffic, prepared: Prepared
) -> None:
    spec = spec_of(manifest)
    again = make_traffic(spec, read_data(manifest, spec, [prepared.public, prepared.private]))
    assert codec.to_json(again) == codec.to_json(traffic)


def test_rows_of_the_hidden_test_may_not_be_sent_for_groups_were_kept_whole(
    manifest: Manifest, prepared: Prepared
) -> None:
    """Microaggregated rows come in groups with equal numbers, and no group is on both sides."""
    spec = spec_of(manifest)
    more_defaults = Injection(kind=DriftKind.PRIOR, amount=0.9)
    family = replace(spec.family, others=(*spec.family.others, more_defaults))
    spec = replace(spec, rows="labelled-test.csv", family=family)
    with (prepared.public / "test.csv").open(newline="") as source:
        rows = [{**row, spec.label: "0"} for row in csv.DictReader(source)]
    with (prepared.private / spec.rows).open("w", newline="") as sink:
        writer = csv.DictWriter(sink, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    data = read_data(manifest, spec, [prepared.public, prepared.private])
    (prepared.private / spec.rows).unlink()
    refusals = make_traffic(spec, data).refusals
    assert any("Draw it at random" in refusal for refusal in refusals)
    assert any("labels that are 0 and 1" in refusal for refusal in refusals)
