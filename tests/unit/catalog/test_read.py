"""A challenge folder is read whole, or every problem is told at once."""

import re
from pathlib import Path

import pytest

from audition.catalog.read import check_challenge, read_challenge
from audition.domain.errors import InvalidError
from audition.domain.execution import Limits
from audition.domain.grade import Dimension
from audition.domain.run import Stage


def problems_of(folder: Path) -> list[str]:
    """What reading complains about, without lines."""
    with pytest.raises(InvalidError) as caught:
        read_challenge(folder)
    assert caught.value.code == "invalid-challenge"
    return [re.sub(r"^([^:]+):\d+:", r"\1:", told) for told in caught.value.problems]


def edit(folder: Path, name: str, old: str, new: str) -> None:
    """Replace a text that must be there in one file."""
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))


def test_a_folder_in_order_is_read(folder: Path) -> None:
    challenge = read_challenge(folder)
    assert challenge.manifest.slug == "tiny"
    assert challenge.manifest.limits == {Stage.PREDICT: Limits(time_seconds=10.0)}
    assert challenge.manifest.weights == {Dimension.MODEL_QUALITY: 0.7, Dimension.DEPLOYMENT: 0.3}
    assert challenge.brief.startswith("# Tiny")
    assert [level.points for level in challenge.rubric[0].levels] == [0, 2]
    assert challenge.checksums == {"public/test.csv": "aa", "private/answers.csv": "bb"}
    assert challenge.prepare.is_file()
    assert challenge.raw.is_dir()


def test_the_shipped_challenges_are_in_order() -> None:
    root = Path(__file__).resolve().parents[3] / "challenges"
    folders = [path.parent for path in root.glob("*/challenge.toml")]
    assert folders
    for folder in folders:
        challenge, told = check_challenge(folder)
        # Raw data that registries have are not part of the repository; all else has to be in order without them.
        assert not [one for one in told if "missing; fetch it: audition challenge fetch" not in one.what]
        assert challenge is None or challenge.samples


def test_before_the_first_build_nobody_knows_digests(folder: Path) -> None:
    (folder / "data/checksums.toml").unlink()
    assert problems_of(folder)[0] == "data/checksums.toml: is missing; add this file."
    assert read_challenge(folder, is_built=False).checksums == {}


def test_all_problems_are_told_at_once(folder: Path) -> None:
    (folder / "brief.md").write_text("  \n")
    (folder / "datacard.md").unlink()
    edit(folder, "challenge.toml", "model_quality = 0.7", "model_quality = 0.9")
    edit(folder, "data/raw/raw.csv", "1,0", "1,1")
    told = "\n".join(problems_of(folder))
    assert "brief.md: is empty; write it." in told
    assert "datacard.md: is missing; add this file." in told
    assert "challenge.toml: weights: add up to 1.2; they must add up to 1." in told
    assert "sources.toml: source.raw.sha256: data/raw/raw.csv has" in told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("attempts = 2", "attemps = 2", "attemps: there is no such key; did you mean 'attempts'?"),
        ("attempts = 2", "attempts = 0", "attempts: is 0; it must be more than 0."),
        (
            "attempts = 2",
            'attempts = 2\nhidden_rows = "gone.csv"',
            "hidden_rows: 'gone.csv' must be a .csv file among the inputs.",
        ),
        ("attempts = 2", "attempts = 2\nreference_image_bytes = 0", "reference_image_bytes: is 0"),
        ("attempts = 2", 'attempts = "few"', "attempts: Input should be a valid integer"),
        ("time_seconds", "seconds", "limits.predict.seconds: there is no such key"),
        ("time_seconds = 10.0", "pids = 0", "limits.predict.pids: is 0"),
        ("limits.predict", "limits.bake", "limits.bake"),
        ("[limits.predict]", "[build]\npids = 0\n[limits.predict]", "build.pids: is 0"),
        ("limits.predict", "limits.build", "a build has limits of its own; write them under [build]"),
        (
            "value = 0.8",
            "valve = 0.8",
            "metric.anchors.1.valve: there is no such key; did you mean 'value'?",
        ),
        ("value = 0.8", "value = 0.4", "metric.anchors: 'reference' must have a better value"),
        ("score = 0.9", "score = 0.0", "metric.anchors: 'reference' must have a better value"),
        ("score = 0.9", "score = 1.9", "metric.anchors.reference: needs a finite value"),
        (
            'name = "reference"',
            'name = "constant"',
            "metric.anchors: 'constant' is listed more than once.",
        ),
        ('"higher"', '"lower"', "metric.anchors: 'reference' must have a better value"),
        ('"higher"', '"up"', "metric.direction: Input should be 'higher' or 'lower'"),
        ('slug = "tiny"', 'slug = "Tiny!"', "slug: use lower-case words"),
        ('slug = "tiny"', 'slug = "other"', "slug: is 'other' in folder 'tiny'; make them agree."),
        ('title = "Tiny"', 'title = " "', "title: is empty; write it."),
        (
            '"unpack", "predict"',
            '"predict", "unpack"',
            "stages: each at most once and in this order",
        ),
        ('"unpack", "predict"', '"predict"', "stages: add 'unpack'"),
        (
            'inputs = ["test.csv"]',
            'inputs = ["../test.csv"]',
            "inputs: '../test.csv' must be a plain file name",
        ),
        (
            'inputs = ["test.csv"]',
            'inputs = ["answers.csv"]',
            "inputs: 'answers.csv' holds the answers",
        ),
        ('inputs = ["test.csv"]', "inputs = []", "inputs: is empty"),
        ('["predictions.csv"]', '["predictions.exe"]', "output.names: 'predictions.exe' must be"),
        ("minimum = 0.0", "minimum = 2.0", "output.minimum: is 2.0, not below maximum 1.0."),
        (
            'prediction_column = "risk"',
            'prediction_column = "id"',
            "output.prediction_column: must differ",
        ),
        ("deployment = 0.3", "deployment = -0.3", "weights: must not be below 0."),
        ('graders = ["model-quality"]', "graders = []", "graders: is empty"),
        (
            'direction = "higher"',
            'direction = "higher"\nconfidence = 1.0',
            "metric.confidence: is 1.0",
        ),
        (
            'direction = "higher"',
            'direction = "higher"\nbootstrap_rounds = 5',
            "metric.bootstrap_rounds: use at least",
        ),
        ('slug = "tiny"', "slug = ", "is not valid TOML"),
    ],
)
def test_each_rule_of_the_manifest_is_told(folder: Path, old: str, new: str, told: str) -> None:
    edit(folder, "challenge.toml", old, new)
    assert any(line.startswith("challenge.toml: ") and told in line for line in problems_of(folder))


def test_a_lower_is_better_challenge_lists_anchors_downwards(folder: Path) -> None:
    edit(folder, "challenge.toml", '"roc_auc"', '"brier"')
    edit(folder, "challenge.toml", '"higher"', '"lower"')
    edit(folder, "challenge.toml", "value = 0.8", "value = 0.1")
    assert read_challenge(folder).manifest.metric.anchors[-1].value == 0.1


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("rubric.toml", "items = []", "rubric.toml: items: has 0; use 1 to 6."),
        ("sources.toml", "x = 1", "sources.toml: source: add a table"),
        ("sources.toml", '[source.raw]\nfile = "raw.csv"\nsha256 = "x"', "licence"),
        (
            "sources.toml",
            '[source.raw]\nfile = "../../brief.md"\nsha256 = "x"\nlicence = "M"',
            "source.raw.file: must be a plain name",
        ),
        (
            "sources.toml",
            '[source.raw]\nfile = "gone.csv"\nsha256 = "x"\nlicence = "M"',
            "source.raw.file: data/raw/gone.csv is missing; fetch it.",
        ),
        (
            "sources.toml",
            '[source.raw]\nfile = "a.whl"\nsha256 = "x"\nlicence = "M"\nfetch = "pypi"\npackage = "--index"',
            "source.raw.package: name the package that is fetched",
        ),
        (
            "sources.toml",
            '[source.raw]\nfile = "a.whl"\nsha256 = "x"\nlicence = "M"\nfetch = "pypi"\npackage = "a"',
            "source.raw.version: name the version that is fetched, pinned.",
        ),
        (
            "sources.toml",
            '[source.raw]\nfile = "a"\nsha256 = "x"\nlicence = "M"\nfetch = "npm"\npackage = "a"\nversion = "1"',
            "data/raw/a is missing; fetch it: audition challenge fetch tiny.",
        ),
        ("data/checksums.toml", "[files]", "data/checksums.toml: files: add the digest"),
        ("data/checksums.toml", '[files]\n"train.csv" = "aa"', "files.train.csv: write"),
    ],
)
def test_each_other_file_is_checked(folder: Path, name: str, text: str, told: str) -> None:
    (folder / name).write_text(text)
    assert any(told in line for line in problems_of(folder))


def test_levels_of_the_rubric_must_rise(folder: Path) -> None:
    edit(folder, "rubric.toml", "points = 2", "points = 0")
    assert problems_of(folder) == [
        "rubric.toml: items.honest.levels: give at least two, points rising from 0 or more."
    ]


def test_links_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    (folder / "starter" / "more.txt").symlink_to(tmp_path / "secret")
    (folder / "brief.md").unlink()
    (folder / "brief.md").symlink_to(tmp_path / "secret")
    told = problems_of(folder)
    assert "starter/more.txt: is a link; put a copy of the file in its place." in told
    assert "brief.md: is missing; add this file." in told


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert any("is not a folder" in line for line in problems_of(tmp_path / "nothing"))


def test_text_must_be_utf8_and_of_sane_size(folder: Path) -> None:
    (folder / "brief.md").write_bytes(b"\xff\xfe")
    (folder / "datacard.md").write_bytes(b"a" * ((1 << 20) + 1))
    told = problems_of(folder)
    assert "brief.md: is not UTF-8 at byte 0; save it as UTF-8." in told
    assert "datacard.md: is 1,048,577 bytes; at most 1,048,576 are read." in told


def test_a_service_needs_to_know_whose_rows_it_is_asked_about(folder: Path) -> None:
    text = (folder / "challenge.toml").read_text()
    stages = '["unpack", "build", "predict", "serve", "score", "judge"]'
    text = re.sub(r"stages = \[[^\]]*\]", f"stages = {stages}", text)
    text = re.sub(r"inputs = \[[^\]]*\]", 'inputs = ["test.csv", "sample_submission.csv"]', text)
    (folder / "challenge.toml").write_text(text)
    told = [one for one in problems_of(folder) if "hidden_rows" in one]
    assert told == [
        'challenge.toml: hidden_rows: is missing; name the input whose rows services are asked about, e.g. "test.csv".'
    ]
    (folder / "challenge.toml").write_text(f'hidden_rows = "test.csv"\n{text}')
    assert read_challenge(folder).manifest.tables_of_hidden_rows == ("test.csv",)
