"""Parts of the rows, reliability and residuals are drawn for reviewers, and for nobody else."""

import pytest

from audition.domain.grade import Curve, Dimension, GradeStatus
from audition.domain.run import Verdict
from audition.domain.submission import State
from audition.web.part_drawing import BOX, LEFT, RIGHT, cloud, dot_plot
from tests import factories
from tests.web.clients import browser_of
from tests.web.stories import full_run, tell
from tests.web.world import World


def part(name: str, low: float, value: float, high: float, kind: str = "slice") -> Curve:
    return Curve(kind=kind, x=(low, value, high), y=(40.0,) * 3, x_label="ROC AUC", y_label=name)


PARTS = (part("region = south", 0.4, 0.55, 0.7), part("region = north", 0.75, 0.85, 0.9))
RESIDUALS = Curve(
    kind="residual", x=(1.0, 2.0, 3.0), y=(-1.0, 0.0, 2.0), x_label="Prediction", y_label="Miss"
)
RELIABILITY = Curve(kind="reliability", x=(0.1, 0.8), y=(0.2, 0.7), x_label="Said", y_label="Seen")


def told(world: World, curves: tuple[Curve, ...], who: str = "alice") -> str:
    grade = factories.make_grade(
        grader="model-detail",
        dimension=Dimension.MODEL_QUALITY,
        status=GradeStatus.OK,
        metrics=(),
        curves=curves,
    )
    tell(
        world.ports,
        "parts",
        state=State.GRADED,
        verdict=Verdict.ACCEPTED,
        stages=full_run(),
        grades=(factories.make_grade(), grade),
    )
    return browser_of(world, who).get("/r/sub_parts/model").text


def test_a_reviewer_sees_each_part_with_its_interval_and_a_table(world: World) -> None:
    text = told(world, (*PARTS, part("all", 0.1, 0.2, 0.3, "slice.worst"), RESIDUALS, RELIABILITY))
    for words in (
        "By declared parts",
        "Weakest parts that were found",
        "region = south",
        "0.400 to 0.700",
        "Residuals as a table",
        "Reliability curve",
        "as said",
    ):
        assert words in text
    assert "By groups of people" not in text


def test_what_trouble_costs_is_drawn_beside_nothing_lost(world: World) -> None:
    text = told(world, (part("empty cells: income", -0.2, -0.1, -0.05, "robust"),))
    for words in (
        "When rows go wrong as a table",
        "empty cells: income",
        "-0.200 to -0.050",
        "the upright line is as before.",
    ):
        assert words in text


def test_what_is_not_there_is_not_drawn(world: World) -> None:
    text = told(world, ())
    assert not any(words in text for words in ("By declared parts", "Residuals", "Reliability"))


def test_the_name_of_a_part_is_text(world: World) -> None:
    assert "<script>x" not in told(world, (part("job = <script>x</script>", 0.4, 0.5, 0.6),))


def test_the_axis_holds_every_interval_and_the_whole() -> None:
    plot = dot_plot(PARTS, "slice", 0.95)
    assert plot is not None
    assert (plot.low, plot.high) == (0.4, 0.95)
    assert (plot.dots[0].left, plot.whole) == (LEFT, RIGHT)
    assert plot.dots[0].left < plot.dots[0].at < plot.dots[0].right < plot.whole
    assert plot.dots[0].y < plot.dots[1].y < plot.height


@pytest.mark.parametrize(
    "curve", [part("x", 1, 2, 3, "roc"), Curve(kind="slice", x=(1.0,), y=(1.0,), x_label="", y_label="")]
)
def test_curves_of_another_form_are_no_parts(curve: Curve) -> None:
    assert dot_plot((curve,), "slice", 0.5) is None


def test_residuals_lie_about_the_line_of_no_error() -> None:
    drawn = cloud((RESIDUALS,))
    assert drawn is not None
    left, top, right, bottom = BOX
    assert all(left <= x <= right and top <= y <= bottom for x, y in drawn.points)
    assert drawn.points[1][1] == drawn.zero == (top + bottom) / 2
    assert drawn.points[2][1] < drawn.zero < drawn.points[0][1]
    assert cloud(PARTS) is None


def test_residuals_that_are_all_nothing_can_be_drawn() -> None:
    drawn = cloud((Curve(kind="residual", x=(1.0, 1.0), y=(0.0, 0.0), x_label="", y_label=""),))
    assert drawn is not None
    assert {y for _, y in drawn.points} == {drawn.zero}
