"""The policy for candidates' Dockerfiles: what is refused, why, and that nothing reads in two ways."""

from pathlib import Path

import dockerfile
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audition.domain.build import BuildPlan
from audition.domain.contract import Entry
from audition.grading.recipe import plan_build, plan_text
from audition.host.recipes import read_bases
from audition.settings import Settings

BASES = read_bases(Settings.from_env().images_dir)
FROM = "FROM python:3.11-slim\n"
DIGEST = "@sha256:" + "0a" * 32


def plan(text: str) -> tuple[BuildPlan, str]:
    made, content = plan_text(text.encode(), "Dockerfile", BASES)
    assert bool(made.refusals) != bool(content)
    return made, content.decode()


def refusal(text: str) -> str:
    made, _ = plan(text)
    assert len(made.refusals) == 1, made.refusals
    return made.refusals[0]


@pytest.mark.parametrize(
    "name",
    [
        "python:3.11",
        "python:3.11-slim",
        "python:3.11-slim-bookworm",
        "python:3.11.9-slim",
        "docker.io/library/python:3.11.14",
        "library/python:3.11-bookworm",
        f"python:3.11-slim{DIGEST}",
        "debian:12",
        "debian:bookworm-slim",
    ],
)
def test_usual_bases_become_ours_without_a_registry(name: str) -> None:
    made, content = plan(f"FROM {name} AS App\nRUN true\n")

    assert made.bases == ("python-slim",)
    assert content == "ARG AUDITION_BASE_PYTHON_SLIM\nFROM ${AUDITION_BASE_PYTHON_SLIM} AS app\nRUN true\n"
    assert [step.line for step in made.instructions] == [0, 1, 2]


@pytest.mark.parametrize(
    "name",
    [
        "python",
        "python:latest",
        "python:3.12-slim",
        "python:3.11.-slim",
        "python:3.11.x-slim",
        "scratch",
        "evil.example/python:3.11",
        "evil.example/library/python:3.11",
        "someone/python:3.11",
        f"python{DIGEST}",
        "python:3.11@sha256:abc",
        "audition/grader:current",
        "$NOTHING",
        "python:3.11-slim$X",
    ],
)
def test_any_other_base_is_refused_with_the_list_of_those_that_are_there(name: str) -> None:
    said = refusal(f"# first line\nFROM {name}\n")

    assert said.startswith("Dockerfile, line 2: the base image")
    assert "python:3.11-slim, " in said


def test_a_base_may_come_from_an_argument_before_the_first_from() -> None:
    made, content = plan('ARG V="3.11"\nARG TAG=${V}-slim\nFROM python:${TAG}\nFROM python:${OTHER:-3.11}\n')

    assert made.bases == ("python-slim",)
    assert content.count("FROM ${AUDITION_BASE_PYTHON_SLIM}\n") == 2
    assert 'ARG V="3.11"' in content


def test_an_argument_after_from_changes_no_base() -> None:
    assert "line 3: the base image 'python:${V}'" in refusal(FROM + "ARG V=3.11\nFROM python:${V}\n")


def test_stages_can_continue_each_other_and_copy_from_those_above() -> None:
    _, content = plan(FROM.strip() + " AS one\nFROM one AS two\nCOPY --from=one /a /b\nCOPY --from=0 /a /b\n")

    assert "\nFROM one AS two\nCOPY --from=one /a /b\nCOPY --from=0 /a /b\n" in content


def test_comments_continuations_and_blank_lines_become_one_line_each() -> None:
    text = FROM + 'RUN echo a \\\n# FROM evil\n\n   b \\\n  c\n# FROM evil\n   \nCMD ["x"]\n'

    _, content = plan(text)

    assert content.splitlines()[2:] == ["RUN echo a    b   c", 'CMD ["x"]']


def test_a_here_document_for_the_shell_is_one_script() -> None:
    _, content = plan(FROM + "RUN <<EOF\necho one\nFROM evil\nEOF\nUSER 1000\n")

    assert content.splitlines()[2:] == [r'RUN ["/bin/sh", "-c", "echo one\nFROM evil\n"]', "USER 1000"]


def test_the_official_syntax_line_is_left_out() -> None:
    _, content = plan(f"# syntax=docker/dockerfile:1.7\n{FROM}")

    assert "syntax" not in content


REFUSED = {
    "another frontend": ("# syntax=evil/frontend\n" + FROM, "line 1: the frontend"),
    "a frontend, spaced": ("#  SyNtAx = evil/frontend:1\n" + FROM, "line 1: the frontend"),
    "a frontend that looks official": ("# syntax=docker.io/docker/dockerfile-evil\n" + FROM, "the frontend"),
    "another escape": ("# escape=`\n" + FROM, "line 1: only the backslash"),
    "frontend by argument": (FROM + "ARG BUILDKIT_SYNTAX=evil/x\n", "'BUILDKIT_SYNTAX' is reserved"),
    "frontend by early argument": ("ARG buildkit_syntax=evil/x\n" + FROM, "is reserved"),
    "our own argument": ("ARG AUDITION_BASE_PYTHON_SLIM=evil\n" + FROM, "is reserved"),
    "our own argument, quoted": ('ARG "AUDITION_BASE_PYTHON_SLIM=evil"\n' + FROM, "is reserved"),
    "cache mount": (FROM + "RUN --mount=type=cache,target=/x true\n", "RUN --mount is not available"),
    "secret mount": (FROM + "RUN --mount=type=secret,id=a true\n", "RUN --mount is not available"),
    "ssh mount": (FROM + "RUN --mount=type=ssh true\n", "RUN --mount is not available"),
    "insecure": (FROM + "RUN --security=insecure true\n", "RUN --security is not available"),
    "host network": (FROM + "RUN --network=host true\n", "RUN --network is not available"),
    "hidden in a continuation": (FROM + "RUN \\\n # x\n --network=host true\n", "RUN --network"),
    "device": (FROM + "RUN --device=gpu true\n", "RUN --device is not available"),
    "url": (FROM + "ADD https://example.com/x /x\n", "ADD takes plain paths"),
    "url in a list": (FROM + 'ADD ["a", "HTTPS://example.com/x", "/x"]\n', "ADD takes plain paths"),
    "url in quotes": (FROM + 'ADD ht"tp"s://example.com/x /x\n', "ADD takes plain paths"),
    "url by variable": (FROM + "ENV U=https://example.com/x\nADD $U /x\n", "ADD takes plain paths"),
    "url by default": (FROM + "ADD ${U:-https://example.com/x} /x\n", "ADD takes plain paths"),
    "git over ssh": (FROM + "ADD git@example.com:a/b /x\n", "ADD takes plain paths"),
    "git by suffix": (FROM + "ADD example.com/a/b.git#main:sub /x\n", "ADD takes plain paths"),
    "kept git folder": (FROM + "ADD --keep-git-dir=true a /x\n", "ADD --keep-git-dir is not available"),
    "another image": (FROM + "COPY --from=audition/grader:current / /x\n", "names no stage above"),
    "a stage below": (FROM + "COPY --from=later / /x\nFROM python:3.11 AS later\n", "names no stage above"),
    "itself": (FROM.strip() + " AS me\nCOPY --from=me / /x\n", "names no stage above"),
    "a number too high": (FROM + "COPY --from=0 / /x\n", "names no stage above"),
    "an empty source": (FROM + "COPY --from= / /x\n", "names no stage above"),
    "onbuild": (FROM + "ONBUILD RUN true\n", "ONBUILD plans"),
    "volume": (FROM + "VOLUME /data\n", "VOLUME leaves data"),
    "volume of the kernel": (FROM + 'VOLUME ["/proc"]\n', "VOLUME leaves data"),
    "kernel folder": (FROM + "WORKDIR /proc/self/fd/8\n", "belongs to the kernel"),
    "kernel folder, roundabout": (FROM + "WORKDIR /app/../proc/self\n", "belongs to the kernel"),
    "kernel folder, doubled": (FROM + "WORKDIR //sys\n", "belongs to the kernel"),
    "kernel folder, quoted": (FROM + 'WORKDIR "/de"v\n', "belongs to the kernel"),
    "kernel folder, escaped": (FROM + "WORKDIR /pr\\oc\n", "belongs to the kernel"),
    "kernel folder, relative": (FROM + "WORKDIR /\nWORKDIR proc\n", "belongs to the kernel"),
    "kernel folder, variable": (FROM + "ENV P=/proc\nWORKDIR $P/self\n", "belongs to the kernel"),
    "upwards": (FROM + "WORKDIR /a\nWORKDIR ../b\n", "goes upwards"),
    "unknown variable": (FROM + "WORKDIR $NOWHERE\n", "unknown variable"),
    "our label": (FROM + "LABEL audition.run=other\n", "is reserved"),
    "our label, in pieces": (FROM + 'LABEL a=b au"dit"ion.fence=9\n', "is reserved"),
    "our label, by variable": (FROM + "ENV A=audition\nLABEL $A.run=x\n", "is reserved"),
    "the other label": (FROM + "LABEL org.audition.kind=image\n", "is reserved"),
    "copied here-document": (FROM + "COPY <<EOF /x\nhello\nEOF\n", "here-document"),
    "piped here-document": (FROM + "RUN python <<EOF\nprint()\nEOF\n", "here-document"),
    "unknown": (FROM + "INCLUDE other\n", "no instruction 'INCLUDE'"),
    "before from": ("RUN true\n" + FROM, "stands before the first FROM"),
    "no from": ("ARG A=1\n", "no FROM"),
    "nothing": ("", "cannot be read"),
    "too many stages": (FROM * 9, "more than 8 stages"),
    "too many instructions": (FROM + "RUN true\n" * 60, "more than 60 instructions"),
    "a long line": (FROM + "RUN echo " + "a" * 9000 + "\n", "longer than"),
    "NUL": (FROM + "RUN true\0\n", "NUL"),
    "carriage return": (FROM + "RUN true\rFROM evil\n", "control characters"),
    "line separator": (FROM + "RUN true\u2028FROM evil\n", "control characters"),
    "odd name of a stage": ("FROM python:3.11 AS ${X}\n", "the name of a stage"),
    "odd from": ("FROM python:3.11 as a b\n", "FROM names one image"),
}


@pytest.mark.parametrize(("text", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_no_builder_should_be_asked_for_is_refused(text: str, said: str) -> None:
    assert said in refusal(text)


def test_every_reason_comes_at_once_up_to_a_limit() -> None:
    made, _ = plan(FROM + "VOLUME /x\n" * 25)

    assert len(made.refusals) == 20
    assert made.refusals[0].startswith("Dockerfile, line 2: ")


def test_a_folder_by_variable_is_written_out() -> None:
    _, content = plan(FROM + "ENV APP=/srv\nARG SUB=app\nWORKDIR $APP/${SUB}\nWORKDIR ${HOME}\n")

    assert content.splitlines()[-2:] == ["WORKDIR /srv/app", "WORKDIR /root"]


def test_it_must_be_text(tmp_path: Path) -> None:
    assert "not UTF-8" in plan_text(b"FROM \xff", "Dockerfile", BASES)[0].refusals[0]
    assert "There is no Dockerfile" in plan_build(tmp_path, BASES)[0].refusals[0]
    (tmp_path / "Dockerfile").write_text("#" * (300 << 10))
    assert "larger than 256 KiB" in plan_build(tmp_path, BASES)[0].refusals[0]
    (tmp_path / "Dockerfile").write_text(FROM)
    assert "can be built from" in plan_build(tmp_path, BASES, [Entry(path="a", bytes=1 << 30)])[0].refusals[0]
    assert plan_build(tmp_path, BASES, [Entry(path="a", bytes=1 << 20)])[0].refusals == ()


PIECES = st.sampled_from(
    [
        *"\\\n\"'$ {}#`<",
        "RUN ",
        "FROM ",
        "python:3.11",
        "ADD ",
        "http://x ",
        "EOF",
        "<<EOF",
        "\\\n",
        "COPY ",
        "/x ",
    ]
)


@given(st.lists(PIECES, max_size=40))
def test_whatever_is_accepted_names_our_bases_and_has_one_instruction_a_line(pieces: list[str]) -> None:
    made, content = plan_text((FROM + "".join(pieces)).encode(), "Dockerfile", BASES)

    if not made.refusals:
        commands = dockerfile.parse_string(content.decode())
        assert [c.start_line for c in commands] == list(range(1, len(made.instructions) + 1))
        sources = {c.value[0] for c in commands if c.cmd.lower() == "from"}
        assert sources == {"${AUDITION_BASE_PYTHON_SLIM}"}
