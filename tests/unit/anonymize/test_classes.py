"""Lattice and measures, each against a computation that is slow and plain."""

import math
from collections import Counter
from itertools import product

import numpy as np
import pytest

from audition.anonymize.columns import Levels, Numbers, class_ids, classes_of, levels, numbers
from audition.anonymize.hierarchies import Hierarchy, hierarchy
from audition.anonymize.lattice import search
from audition.anonymize.measures import measure_classes, measure_sensitive
from audition.anonymize.policy import ColumnRule, Role, Transform
from audition.domain.errors import InvalidError
from tests.unit.anonymize.samples import people, rows_of

QI = {"role": Role.QUASI_IDENTIFIER, "transform": Transform.LATTICE}


def hierarchies(rows: int = 300) -> list[Hierarchy]:
    frame = people(rows)
    towns = {f"T{n:02d}": f"region {n % 3}" for n in range(20)}
    return [
        hierarchy("age", frame["age"], ColumnRule(**QI, widths=(5, 20)), "t: age"),
        hierarchy("town", frame["town"], ColumnRule(**QI, steps=(towns,)), "t: town"),
        hierarchy("income", frame["income"], ColumnRule(**QI, prefixes=(2, 1)), "t: income"),
    ]


def test_every_node_of_the_lattice_is_what_counting_rows_gives() -> None:
    every = hierarchies()
    found = search(every, 4, 0.5)
    assert len(found.nodes) == 4 * 3 * 4
    for node in found.nodes:
        columns = [h.at(step) for h, step in zip(every, node.steps, strict=True)]
        sizes = Counter(rows_of(*columns))
        assert node.suppressed == sum(size for size in sizes.values() if size < 4)
        assert node.classes == sum(size >= 4 for size in sizes.values())


def test_the_best_node_keeps_to_the_budget_and_loses_least() -> None:
    found = search(hierarchies(), 5, 0.1)
    enough = [node for node in found.nodes if node.suppressed <= 30]
    assert found.best in enough
    assert found.best.loss == pytest.approx(min(node.loss for node in enough))
    assert min(node.loss for node in found.nodes) == 0
    assert max(node.loss for node in found.nodes) == pytest.approx(1)


def test_steps_nest_and_end_in_one_value() -> None:
    for one in hierarchies():
        for low, high in zip(one.maps, one.maps[1:], strict=False):
            assert len(set(zip(low[:-1], high[:-1], strict=True))) == len(set(low[:-1]))
        assert set(one.at(one.height).texts()) == {"*"}
        assert one.at(0).texts()[:3] == [one.labels[0][code] for code in one.codes[:3]]


def test_classes_of_other_columns_are_respected() -> None:
    fixed = np.arange(300) % 2
    found = search(hierarchies(), 4, 0.9, fixed)
    free = search(hierarchies(), 4, 0.9)
    assert found.nodes[-1].classes == 2
    assert free.nodes[-1].classes == 1


def test_a_taxonomy_must_know_every_value() -> None:
    with pytest.raises(InvalidError, match="step 1 has nothing for: b"):
        hierarchy("x", levels(["a", "b"]), ColumnRule(**QI, steps=({"a": "z"},)), "t.csv: x")


def test_a_budget_that_nothing_meets_says_what_to_do() -> None:
    with pytest.raises(InvalidError) as caught:
        search(hierarchies(10), 20, 0.0)
    assert "gate.k" in caught.value.next_step


def test_class_numbers_are_equal_where_rows_are() -> None:
    random = np.random.default_rng(2)
    columns = [Numbers(random.integers(0, 9, 500) * 1.0), levels(random.choice(["a", "b"], 500).tolist())]
    ids = classes_of(dict(enumerate(columns)))  # type: ignore[arg-type]
    assert len(set(zip(ids.tolist(), rows_of(*columns), strict=True))) == len(set(rows_of(*columns)))
    wide = [random.integers(0, 1 << 40, 500) for _ in range(3)]
    assert len(set(class_ids(wide, 500).tolist())) == 500


def test_sizes_of_classes() -> None:
    measured = measure_classes(np.array([0, 0, 0, 1, 1, 2]), 3)
    assert (measured.rows, measured.classes, measured.k) == (6, 3, 1)
    assert measured.unique_share == pytest.approx(1 / 6)
    assert measured.small_share == pytest.approx(1 / 2)
    assert measured.average_risk == pytest.approx(1 / 2)
    assert dict(measured.sizes) == {
        "1": 1,
        "2-4": 5,
        "5-10": 0,
        "11-20": 0,
        "21-50": 0,
        "51-100": 0,
        "101+": 0,
    }


@pytest.mark.parametrize("is_ordered", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_what_classes_tell_is_what_counting_gives(seed: int, *, is_ordered: bool) -> None:
    random = np.random.default_rng(seed)
    ids = class_ids([random.integers(0, 4, 90)], 90)
    values = random.integers(0, 4, 90)
    column = numbers(values.tolist()) if is_ordered else Levels(values.astype(np.int32), ("a", "b", "c", "d"))
    measured = measure_sensitive("s", column, ids)
    overall = [float(np.mean(values == v)) for v in range(4)]
    inside = [[float(np.mean(values[ids == c] == v)) for v in range(4)] for c in range(4)]
    assert measured.l == min(sum(p > 0 for p in shares) for shares in inside)
    entropies = [-sum(p * math.log(p) for p in shares if p) for shares in inside]
    assert measured.entropy_l == pytest.approx(math.exp(min(entropies)))
    assert measured.alpha == pytest.approx(max(map(max, inside)))
    pairs = [(p, q) for shares in inside for p, q in zip(shares, overall, strict=True)]
    assert measured.beta == pytest.approx(max((p - q) / q for p, q in pairs))
    logs = [abs(math.log(p / q)) if p else math.inf for p, q in pairs]
    assert measured.delta == pytest.approx(max(logs))
    assert measured.t == pytest.approx(
        max(distance(shares, overall, is_ordered=is_ordered) for shares in inside)
    )
    counts = [sorted((int(np.sum(values[ids == c] == v)) for v in range(4)), reverse=True) for c in range(4)]
    assert measured.recursive_c == pytest.approx(max(c[0] / sum(c[measured.l - 1 :]) for c in counts))


def distance(shares: list[float], overall: list[float], *, is_ordered: bool) -> float:
    """Earth mover's distance of ordered values, total variation of others."""
    gaps = [p - q for p, q in zip(shares, overall, strict=True)]
    if not is_ordered:
        return sum(map(abs, gaps)) / 2
    running = [abs(sum(gaps[: n + 1])) for n in range(len(gaps))]
    return sum(running) / (len(gaps) - 1)


def test_a_class_with_one_value_tells_everything() -> None:
    measured = measure_sensitive("s", levels(["a", "a", "a", "b"]), np.array([0, 0, 1, 1]))
    assert (measured.l, measured.alpha) == (1, 1.0)
    assert measured.entropy_l == pytest.approx(1)
    assert measured.recursive_c == math.inf
    assert measured.delta == math.inf


def test_products_of_steps_are_all_there() -> None:
    every = hierarchies(60)
    heights = [range(h.height + 1) for h in every]
    assert [node.steps for node in search(every, 2, 1.0).nodes] == list(product(*heights))
