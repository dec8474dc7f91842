"""Archives, kits, samples, digests: equal content gives equal bytes."""

import io
import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from audition.catalog.archive import pack_files, pack_folder
from audition.catalog.digest import version_digest
from audition.catalog.kit import build_kit
from audition.catalog.produced import check_produced, render_checksums
from audition.catalog.read import read_challenge
from audition.catalog.samples import Interval, find_samples
from audition.domain.challenge import Area, DataFile
from audition.domain.errors import InvalidError
from audition.domain.grade import Dimension, Outcome
from audition.domain.run import Verdict

PUBLIC = {"test.csv": b"id\n1\n2\n", "sample_submission.csv": b"id,risk\n1,0.5\n2,0.5\n"}


def names_in(archive: bytes) -> list[str]:
    """Entries of a zip."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return opened.namelist()


def test_equal_folders_pack_to_equal_bytes(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    (other / "brief.md").chmod(0o600)
    os.utime(other / "brief.md", (1, 1))
    (other / "__pycache__").mkdir()
    (other / "__pycache__" / "x.pyc").write_bytes(b"x")
    assert pack_folder(folder) == pack_folder(other)


def test_entries_are_sorted_plain_files(folder: Path) -> None:
    archive = pack_folder(folder / "submissions", leave_out={"accepted/good/expect.toml"})
    assert names_in(archive) == ["accepted/good/predict.py", "accepted/starter/expect.toml"]
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert all(stat.S_ISREG(entry.external_attr >> 16) for entry in opened.infolist())


def test_order_of_files_does_not_matter() -> None:
    assert pack_files({"a": b"1", "b": b"2"}) == pack_files({"b": b"2", "a": b"1"})


def test_links_and_pipes_are_not_packed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/hostname")
    (tmp_path / "folder").symlink_to("/etc")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidError) as caught:
        pack_folder(tmp_path)
    assert sorted(line.split(":")[0] for line in caught.value.problems) == [
        "folder",
        "link",
        "pipe",
    ]


def test_samples_are_found_with_what_is_expected(folder: Path) -> None:
    good, starter = find_samples(folder)
    assert good.name == "accepted/good"
    assert good.expectation.verdict == Verdict.ACCEPTED
    assert good.expectation.findings == {"a.b": Outcome.PASSED}
    assert good.expectation.dimensions == {Dimension.DEPLOYMENT: Interval(low=0.1, high=0.9)}
    assert (good.expectation.score_low, good.expectation.score_high) == (0.5, 1.0)
    assert names_in(good.pack()) == ["predict.py"]
    assert starter.folder == folder / "starter"
    assert 0.9 in good.expectation.dimensions[Dimension.DEPLOYMENT]
    assert 0.91 not in good.expectation.dimensions[Dimension.DEPLOYMENT]


@pytest.mark.parametrize(
    ("where", "text", "told"),
    [
        (
            "wonderful/a",
            'about = "x"\nverdict = "accepted"',
            "submissions/wonderful/: is not a verdict",
        ),
        (
            "internal_error/a",
            'about = "x"\nverdict = "accepted"',
            "submissions/internal_error/: is not a verdict",
        ),
        (
            "time_limit/a",
            'about = "x"\nverdict = "accepted"',
            "verdict: does not agree with the folder 'time_limit'",
        ),
        ("accepted/a", 'about = "x"\nverdict = "good"', "verdict: Input should be"),
        (
            "accepted/a",
            'about = "x"\nverdict = "accepted"\nscore_low = 0.9\nscore_high = 0.1',
            "is no interval",
        ),
        (
            "accepted/a",
            'about = "x"\nverdict = "accepted"\nscore_hi = 1.0',
            "did you mean 'score_high'?",
        ),
        (
            "accepted/a",
            'about = "x"\nverdict = "accepted"\nuse = "../.."',
            "there is no folder '../..'",
        ),
        (
            "accepted/a",
            'about = "x"\nverdict = "accepted"\nuse = "gone"',
            "there is no folder 'gone'",
        ),
        (
            "accepted/a",
            'about = "x"\nverdict = "accepted"\nbar = "reference"\nwhy = "y"',
            "bar: is for samples in submissions/attack/ alone",
        ),
        ("attack/a", 'about = "x"\nverdict = "accepted"\nbar = "reference"', "why: is missing"),
        (
            "attack/a",
            'about = "x"\nverdict = "accepted"\nbar = "told"\nwhy = "y"\n[findings]\n"a.b" = "passed"',
            "nothing says that this attack is seen",
        ),
    ],
)
def test_a_wrong_expectation_is_told(folder: Path, where: str, text: str, told: str) -> None:
    path = folder / "submissions" / where / "expect.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(InvalidError) as caught:
        find_samples(folder)
    assert any(told in line for line in caught.value.problems)


def test_an_attack_may_expect_any_verdict(folder: Path) -> None:
    path = folder / "submissions" / "attack" / "reads_answers" / "expect.toml"
    path.parent.mkdir(parents=True)
    path.write_text('about = "Looks for the answers."\nverdict = "nonzero_exit"\n')
    assert "attack/reads_answers" in [sample.name for sample in find_samples(folder)]


def test_a_sample_without_expectation_is_told(folder: Path) -> None:
    (folder / "submissions" / "accepted" / "a").mkdir()
    with pytest.raises(InvalidError) as caught:
        find_samples(folder)
    assert caught.value.problems == ("submissions/accepted/a/expect.toml: is missing; add this file.",)


def test_the_kit_has_what_a_candidate_needs_and_nothing_private(folder: Path) -> None:
    kit = build_kit(read_challenge(folder), PUBLIC)
    assert names_in(kit) == [
        "tiny/README.md",
        "tiny/brief.md",
        "tiny/checks/check_predictions.py",
        "tiny/checks/output.json",
        "tiny/data/sample_submission.csv",
        "tiny/data/test.csv",
        "tiny/datacard.md",
        "tiny/rubric.md",
        "tiny/starter/predict.py",
    ]
    with zipfile.ZipFile(io.BytesIO(kit)) as opened:
        assert "10 seconds" in opened.read("tiny/README.md").decode()
        assert "Is it honest?" in opened.read("tiny/rubric.md").decode()


def test_the_kit_is_the_same_every_time(folder: Path) -> None:
    challenge = read_challenge(folder)
    assert build_kit(challenge, PUBLIC) == build_kit(challenge, dict(reversed(PUBLIC.items())))


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("id,risk\n1,0.1\n2,0.9\n", "The form is right."),
        ("id,risk\n1,0.1\n", "id 2: 0 rows; there must be one."),
        ("id,risk\n1,0.1\n1,0.1\n2,0.2\n", "id 1: 2 rows; there must be one."),
        ("id,risk\n1,0.1\n2,nan\n", "Row 2: risk is 'nan'"),
        ("id,risk\n1,0.1\n2,7\n", "Row 2: risk is '7'"),
        ("id,risk\n1,0.1\n2,0.5\n3,0.5\n", "id 3: not in the data."),
        ("id,score\n1,0.1\n", "The header must be id,risk"),
    ],
)
def test_the_kit_checks_predictions_at_home(folder: Path, tmp_path: Path, rows: str, told: str) -> None:
    with zipfile.ZipFile(io.BytesIO(build_kit(read_challenge(folder), PUBLIC))) as opened:
        opened.extractall(tmp_path / "kit")
    (tmp_path / "mine.csv").write_text(rows)
    check = tmp_path / "kit" / "tiny" / "checks" / "check_predictions.py"
    done = subprocess.run(
        [sys.executable, "-S", str(check), str(tmp_path / "mine.csv")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told in done.stdout
    assert done.returncode == (0 if "right" in told else 1)
    assert json.loads((check.parent / "output.json").read_text())["id_column"] == "id"


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("id,risk\n1,high\n2,low\n", "The form is right."),
        ("id,risk\n1,high\n2,0.5\n", "Row 2: risk is '0.5'; one of low, high is expected."),
    ],
)
def test_the_kit_checks_labels_too(folder: Path, tmp_path: Path, rows: str, told: str) -> None:
    manifest = folder / "challenge.toml"
    text = manifest.read_text().replace('"roc_auc"', '"accuracy"')
    manifest.write_text(text.replace('"risk"', '"risk"\nlabels = ["low", "high"]'))
    with zipfile.ZipFile(io.BytesIO(build_kit(read_challenge(folder), PUBLIC))) as opened:
        opened.extractall(tmp_path / "kit")
    kit = tmp_path / "kit" / "tiny"
    (tmp_path / "mine.csv").write_text(rows)
    argv = [sys.executable, "-S", str(kit / "checks" / "check_predictions.py"), str(tmp_path / "mine.csv")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert told in done.stdout
    assert "A prediction is one of: low, high." in (kit / "README.md").read_text()


def make_files() -> list[DataFile]:
    """What the checksums of the small folder promise."""
    return [
        DataFile(area=Area.PUBLIC, name="test.csv", digest="aa", bytes=3),
        DataFile(area=Area.PRIVATE, name="answers.csv", digest="bb", bytes=3),
    ]


def test_what_prepare_made_is_compared_with_the_promise(folder: Path) -> None:
    challenge = read_challenge(folder)
    check_produced(challenge, make_files())
    wrong = [
        DataFile(area=Area.PUBLIC, name="test.csv", digest="zz", bytes=3),
        DataFile(area=Area.PUBLIC, name="more.csv", digest="cc", bytes=3),
    ]
    with pytest.raises(InvalidError) as caught:
        check_produced(challenge, wrong)
    assert caught.value.problems == (
        "private/answers.csv: prepare did not make it.",
        "public/more.csv: data/checksums.toml does not list it.",
        "public/test.csv: its digest is zz, not aa.",
        "private/answers.csv: challenge.toml names it, but prepare did not make it.",
    )


def test_checksums_can_be_written(folder: Path) -> None:
    (folder / "data" / "checksums.toml").write_text(render_checksums(make_files()))
    check_produced(read_challenge(folder), make_files())


def test_a_version_is_named_by_its_whole_content(folder: Path) -> None:
    manifest = read_challenge(folder).manifest
    texts, images, files = {"brief.md": "a"}, {"tabular": "sha256:1"}, make_files()
    digest = version_digest(manifest, texts, files, images)
    assert digest == version_digest(manifest, texts, list(reversed(files)), images)
    others = [
        version_digest(replace(manifest, attempts=9), texts, files, images),
        version_digest(manifest, {"brief.md": "b"}, files, images),
        version_digest(manifest, texts, files[:1], images),
        version_digest(manifest, texts, files, {"tabular": "sha256:2"}),
    ]
    assert len({digest, *others}) == 5
