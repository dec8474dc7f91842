"""How images.toml is read, and what makes an image another image."""

from pathlib import Path

import pytest

from audition.domain.execution import Limits
from audition.host.recipes import Recipe, context_files, read_recipes, reference, with_parents
from audition.host.steps import HostError

TOML = """
[base]
debian = ["python3"]
[tabular]
from = "base"
requirements = "requirements.lock"
[grader]
from = "tabular"
project = ["kit", "pyproject.toml"]
[postgres]
debian = ["postgresql-15"]
used_by = ["compose"]
"""


@pytest.fixture
def images_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    for name in ("base", "tabular", "grader", "postgres"):
        (folder / name).mkdir(parents=True)
        (folder / name / "Dockerfile").write_text(f"# {name}\n")
    (folder / "images.toml").write_text(TOML)
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit" / "code.py").write_text("x = 1\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    return folder


def names(images_dir: Path, architecture: str = "x86_64") -> dict[str, str]:
    found: dict[str, str] = {}
    for recipe in read_recipes(images_dir).values():
        below = found[recipe.parent] if recipe.parent else None
        found[recipe.name] = reference(recipe, below, images_dir.parent, architecture)
    return found


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name, image in after.items() if before[name] != image}


def test_names_are_stable_and_carry_twelve_hex_digits(images_dir: Path) -> None:
    first = names(images_dir)
    assert first == names(images_dir)
    name, tag = first["tabular"].split(":")
    assert name == "audition/tabular"
    assert len(tag) == 12
    assert int(tag, 16) >= 0


def test_an_image_made_like_another_has_its_files_and_parts_on_a_parent_of_its_own(images_dir: Path) -> None:
    toml = f'{TOML}[wide]\nfrom = "base"\nlike = "grader"\n'
    (images_dir / "images.toml").write_text(toml)
    recipes = read_recipes(images_dir)
    wide, grader = recipes["wide"], recipes["grader"]
    assert (context_files(wide), wide.project, wide.parent) == (context_files(grader), grader.project, "base")
    assert names(images_dir)["wide"] != names(images_dir)["grader"]


def test_its_own_files_come_before_those_of_its_model(images_dir: Path) -> None:
    toml = f'{TOML}[wide]\nfrom = "tabular"\nlike = "tabular"\n'
    (images_dir / "images.toml").write_text(toml)
    (images_dir / "tabular" / "requirements.lock").write_text("numpy==2.4.6\n")
    (images_dir / "wide").mkdir()
    own = images_dir / "wide" / "requirements.lock"
    own.write_text("duckdb==1.5.0\n")
    before = names(images_dir)
    wide = read_recipes(images_dir)["wide"]
    dockerfile = images_dir / "tabular" / "Dockerfile"
    assert context_files(wide) == {"Dockerfile": dockerfile, "requirements.lock": own}
    assert (wide.file("requirements.lock"), wide.file("Dockerfile")) == (own, dockerfile)
    own.write_text("duckdb==1.5.1\n")
    assert changed(before, names(images_dir)) == {"wide"}


def test_packages_beside_a_parent_are_an_input_of_that_image_alone(images_dir: Path) -> None:
    before = names(images_dir)
    toml = TOML.replace("[tabular]\n", '[tabular]\ndebian = ["prometheus"]\n')
    (images_dir / "images.toml").write_text(toml)
    assert read_recipes(images_dir)["tabular"].debian == ("prometheus",)
    assert changed(before, names(images_dir)) == {"tabular", "grader"}


def test_an_image_like_one_that_is_not_there_is_told(images_dir: Path) -> None:
    (images_dir / "images.toml").write_text('[wide]\ndebian = []\nlike = "nothing"\n')
    with pytest.raises(HostError, match="`like` names 'nothing'"):
        read_recipes(images_dir)


def test_a_change_below_changes_all_above_and_nothing_beside(images_dir: Path) -> None:
    before = names(images_dir)
    (images_dir / "tabular" / "requirements.lock").write_text("numpy==2.4.6\n")
    assert changed(before, names(images_dir)) == {"tabular", "grader"}


def test_our_own_code_is_an_input(images_dir: Path) -> None:
    before = names(images_dir)
    (images_dir.parent / "kit" / "code.py").write_text("x = 2\n")
    assert changed(before, names(images_dir)) == {"grader"}


def test_reading_material_and_bytecode_are_no_inputs(images_dir: Path) -> None:
    before = names(images_dir)
    (images_dir / "base" / "README.md").write_text("text")
    (images_dir / "base" / "__pycache__").mkdir()
    (images_dir / "base" / "__pycache__" / "selftest.pyc").write_bytes(b"x")
    assert names(images_dir) == before


def test_a_file_made_executable_is_another_input(images_dir: Path) -> None:
    before = names(images_dir)
    (images_dir / "grader" / "Dockerfile").chmod(0o755)
    assert changed(before, names(images_dir)) == {"grader"}


def test_another_architecture_is_another_image(images_dir: Path) -> None:
    assert changed(names(images_dir), names(images_dir, "aarch64")) == set(names(images_dir))


def test_parents_come_first_and_others_stay_out(images_dir: Path) -> None:
    chosen = with_parents(read_recipes(images_dir), ["grader"])
    assert [recipe.name for recipe in chosen] == ["base", "tabular", "grader"]


def test_an_unknown_name_is_answered_with_the_known_ones(images_dir: Path) -> None:
    with pytest.raises(HostError, match="no image named 'nope'") as caught:
        with_parents(read_recipes(images_dir), ["nope"])
    assert "tabular" in caught.value.next_step


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[a]\ndebain = []\n", "Unknown key debain"),
        ("[a]\nabout = 'x'\n", "needs `from`, `debian` or both"),
        ("[a]\nfrom = 'b'\n[b]\ndebian = []\n", "not an image above it"),
        ("[a]\ndebian = []\nlimits = { memory = 1 }\n", "Unknown limit memory"),
        ("[a]\ndebian = []\nlimits = { cpus = 'many' }\n", "limits: cpus"),
        ("[a\n", "not TOML"),
    ],
)
def test_a_wrong_list_is_refused_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "images.toml").write_text(text)
    with pytest.raises(HostError, match=says) as caught:
        read_recipes(tmp_path)
    assert "images.toml" in caught.value.detail


def test_limits_of_an_image_are_those_named_and_else_the_usual(images_dir: Path) -> None:
    toml = f'{TOML}[torch]\nfrom = "tabular"\nmegabytes = 1500\nlimits = {{ memory_bytes = 2147483648 }}\n'
    (images_dir / "images.toml").write_text(toml)
    recipes = read_recipes(images_dir)
    assert recipes["torch"].limits == Limits(memory_bytes=2 << 30)
    assert recipes["torch"].megabytes == 1500
    assert recipes["tabular"].limits is None


def test_the_real_list_is_sound() -> None:
    root = Path(__file__).parents[3]
    recipes = read_recipes(root / "sandbox_images")
    for recipe in recipes.values():
        assert_complete(recipe)
        on_demand = "challenges" in recipe.used_by
        assert (recipe.limits is not None, recipe.megabytes is not None) == (on_demand, on_demand), (
            recipe.name
        )


def assert_complete(recipe: Recipe) -> None:
    for name in ("Dockerfile", "selftest.py", "README.md"):
        assert recipe.file(name).is_file(), f"{recipe.name} has no {name}"
    if recipe.requirements:
        lock = recipe.file(recipe.requirements).read_text()
        assert "--hash=sha256:" in lock
        assert " ; " not in lock, "markers would be judged by the host's Python"
