"""Each template becomes a challenge folder that is in order, and whose data is what it promises."""

import importlib.util
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from audition.catalog.advice import advise
from audition.catalog.produced import check_produced
from audition.catalog.read import ChallengeFolder, read_challenge
from audition.catalog.templates import TEMPLATES, TEMPLATES_FOLDER, begin_challenge
from audition.domain.challenge import Area, DataFile
from audition.domain.errors import ConflictError, InvalidError, NotFoundError

SHIPPED = Path(__file__).resolve().parents[3] / "challenges" / TEMPLATES_FOLDER


@pytest.fixture
def challenges(tmp_path: Path) -> Path:
    """A folder of challenges that has the templates and nothing else."""
    shutil.copytree(SHIPPED, tmp_path / TEMPLATES_FOLDER, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def prepared(challenge: ChallengeFolder, folder: Path) -> tuple[DataFile, ...]:
    """What the template's own `prepare` makes."""
    spec = importlib.util.spec_from_file_location("prepare_of_template", challenge.prepare)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    areas = {area: folder / area.value for area in (Area.PUBLIC, Area.PRIVATE)}
    for path in areas.values():
        path.mkdir()
    module.prepare(challenge.raw, areas[Area.PUBLIC], areas[Area.PRIVATE])
    return tuple(
        DataFile(area=area, name=path.name, digest=sha256(path.read_bytes()).hexdigest(), bytes=1)
        for area, made in areas.items()
        for path in made.iterdir()
    )


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_new_challenge_is_in_order_and_lacks_nothing(
    challenges: Path, tmp_path: Path, template: str
) -> None:
    folder = begin_challenge(challenges, f"our-{template}", template, "Ours & yours")
    challenge = read_challenge(folder)
    assert (challenge.manifest.slug, challenge.manifest.title) == (f"our-{template}", "Ours & yours")
    assert challenge.brief.startswith("# Ours & yours\n")
    assert advise(challenge) == ()
    check_produced(challenge, prepared(challenge, tmp_path))


def test_without_a_title_it_has_that_of_the_template(challenges: Path) -> None:
    challenge = read_challenge(begin_challenge(challenges, "ours", "text"))
    assert challenge.brief.startswith(f"# {challenge.manifest.title}\n")


def test_a_folder_is_never_written_over(challenges: Path) -> None:
    begin_challenge(challenges, "ours", "text")
    with pytest.raises(ConflictError):
        begin_challenge(challenges, "ours", "text")


@pytest.mark.parametrize("slug", ["Ours", "our_s", "../ours", "templates", "-x", ""])
def test_a_name_that_cannot_be_one_is_refused(challenges: Path, slug: str) -> None:
    with pytest.raises(InvalidError):
        begin_challenge(challenges, slug, "text")


def test_a_title_that_would_break_the_file_is_refused(challenges: Path) -> None:
    for title in ('a "b"', "a\nb", "a\\"):
        with pytest.raises(InvalidError):
            begin_challenge(challenges, "ours", "text", title)


def test_where_templates_are_not_the_way_out_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        begin_challenge(tmp_path, "ours", "text")
    assert "templates" in caught.value.next_step


def test_what_a_folder_lacks_for_its_proof_is_told(challenges: Path) -> None:
    folder = begin_challenge(challenges, "ours", "tabular")
    shutil.rmtree(folder / "submissions" / "accepted" / "reference")
    shutil.rmtree(folder / "submissions" / "attack")
    manifest = folder / "challenge.toml"
    manifest.write_text(manifest.read_text().replace('name = "reference"', 'name = "good"'))
    said = "\n".join(map(str, advise(read_challenge(folder))))
    assert "add accepted/reference" in said
    assert "attack/constant" in said
    assert "challenge.toml: metric.anchors: add one named 'reference'" in said
