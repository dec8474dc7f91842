"""The commands of a README are found where they are typed, and each that cannot be tried has its reason."""

from collections.abc import Callable
from pathlib import Path

import pytest

from audition.grading.exercise.readme import as_in_the_kit
from audition.grading.readme import find_readme, is_to_try, read_lines, served_programs, why_not
from audition.grading.tree import Text, Tree


def text_of(*lines: str) -> Text:
    return Text("README.md", lines, "\n".join(lines))


def scripts(*lines: str) -> list[tuple[int, str]]:
    return [(line.number, line.script) for line in read_lines(text_of(*lines))]


def test_lines_of_shell_blocks_are_commands_and_no_others() -> None:
    assert scripts("python a.py", "```python", "import b", "```", "~~~sh", "python c.py", "~~~") == [
        (6, "python c.py")
    ]


def test_continuations_are_joined_and_comments_are_no_commands() -> None:
    assert scripts("```", "python a.py \\", "   --fast   # soon", "# nothing", "", "```") == [
        (2, "python a.py  --fast   # soon")
    ]


def test_operators_in_quotes_end_no_command_and_open_quotes_are_for_people() -> None:
    found = read_lines(text_of("```", "A=1 python -c 'a; b' 2>&1 | tee x; ls # c", 'python "', "```"))
    assert [line.commands for line in found] == [(("python", "-c", "a; b"), ("tee", "x"), ("ls",))]


def test_where_lines_have_a_prompt_the_others_are_what_was_printed() -> None:
    assert scripts("```console", "$ python a.py", "AUC 0.83", "$ make x \\", "> y", "done", "```") == [
        (2, "python a.py"),
        (4, "make x  y"),
    ]


def test_a_line_runs_where_the_lines_before_it_in_its_block_say() -> None:
    found = scripts("```", "cd app && export A=1", "python a.py", "```", "```", "python b.py", "```")
    assert found[1:] == [(3, "cd app && export A=1 && python a.py"), (6, "python b.py")]


def test_a_block_that_is_never_closed_and_one_without_end_are_read_with_bounds() -> None:
    assert len(scripts("```sh", *["python a.py"] * 1000)) == 100


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("python train.py data/train.csv", ""),
        ("PORT=1 python3.11 -m app.main", ""),
        ("./run.sh && cat report.txt", ""),
        ("make test", ""),
        ("pytest -q 2>&1 | tee log", ""),
        ("python -c 'import a; print(a | 1)' && make x", ""),
        ("python train.py & docker run x", "engine"),
        ("python -m unittest", ""),
        ("pip install -r requirements.txt", "network"),
        ("python -m pip install x", "network"),
        ("python train.py && curl localhost:8080", "network"),
        ("docker build .", "engine"),
        ("kubectl apply -f x", "engine"),
        ("uvicorn app:app", "until it is stopped"),
        ("python -m http.server", "until it is stopped"),
        ("python -m venv .venv", "environment"),
        (". .venv/bin/activate", "environment"),
        ("python serve.py --port 8080", "starts the service"),
        ("python -m app.serve", "starts the service"),
        ("bash start.sh", "starts the service"),
        ("python predict.py <your file>", "place-holder"),
        ("python predict.py path/to/rows.csv", "place-holder"),
        ("unheard-of --of", "not among"),
    ],
)
def test_what_needs_more_than_there_is_here_says_what(line: str, reason: str) -> None:
    found = next(iter(read_lines(text_of("```", line, "```"))))
    assert is_to_try(found)
    said = why_not(found, {"serve.py", "app.serve", "start.sh"})
    assert (reason in said) if reason else not said, said


def test_what_only_looks_is_nothing_to_try() -> None:
    assert not any(is_to_try(line) for line in read_lines(text_of("```", "cd app; ls -l | head -3", "```")))


def test_the_programs_of_the_image_are_read_from_its_commands(write: Callable[[str, str], Path]) -> None:
    write("Dockerfile", 'FROM a\nCMD ["python", "-m", "app.serve"]\n')
    root = write("svc/Dockerfile", "FROM a\nRUN python make.py\nENTRYPOINT ./start.sh\n").parent.parent
    assert served_programs(Tree(root)) == {"app.serve", "start.sh"}


def test_the_readme_is_the_one_at_the_top(write: Callable[[str, str], Path]) -> None:
    root = write("docs/README.md", "deep").parent.parent
    assert find_readme(Tree(root)) is None
    write("readme.MD", "here")
    found = find_readme(Tree(root))
    assert found is not None
    assert found.content == "here"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def put(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return put


@pytest.mark.parametrize(
    ("typed", "tried"),
    [
        ("python train.py ../data/train.csv", "python train.py /in/train.csv"),
        (
            "AUDITION_IN=../data AUDITION_OUT=out python predict.py",
            "AUDITION_IN=/in AUDITION_OUT=out python predict.py",
        ),
        ('python a.py "./../data"', 'python a.py "/in"'),
        (
            "python a.py ../database ../../data x../data ../data.csv",
            "python a.py ../database ../../data x../data ../data.csv",
        ),
    ],
)
def test_a_line_that_finds_the_data_beside_its_folder_as_in_the_kit_finds_them_here(
    typed: str, tried: str
) -> None:
    assert as_in_the_kit(typed) == tried
