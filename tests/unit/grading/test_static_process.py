"""A linter cannot take more time, memory or output than it is given, and what it started dies with it."""

import sys
import time
from pathlib import Path

import pytest

from audition.grading.static.process import Caps, Ended, run

SMALL = Caps(seconds=30.0, memory_bytes=200 << 20, output_bytes=1 << 20)


def python(code: str, tmp_path: Path, caps: Caps = SMALL) -> Ended:
    return run([sys.executable, "-I", "-c", code], cwd=tmp_path, environment={"LANG": "C.UTF-8"}, caps=caps)


def test_what_a_program_prints_and_how_it_ended_is_told(tmp_path: Path) -> None:
    ended = python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", tmp_path)
    assert (ended.code, ended.stdout, ended.said) == (3, b"out\n", "err\n")
    assert not ended.is_late
    assert not ended.stopped_for


def test_a_program_that_sleeps_is_ended(tmp_path: Path) -> None:
    ended = python("import time; time.sleep(60)", tmp_path, Caps(seconds=0.5))
    assert ended.is_late
    assert ended.seconds < 30


def test_a_program_that_hoards_is_ended(tmp_path: Path) -> None:
    code = "import time\nb = bytearray(400 << 20)\nfor i in range(0, len(b), 4096): b[i] = 1\ntime.sleep(60)"
    assert python(code, tmp_path).stopped_for == "memory"


def test_a_program_that_floods_is_ended_and_its_output_is_capped(tmp_path: Path) -> None:
    ended = python("import sys\nwhile True: sys.stdout.write('x' * 65536)", tmp_path)
    assert ended.stopped_for == "output"
    assert len(ended.stdout) <= 1 << 20


def test_what_a_program_leaves_behind_is_ended(tmp_path: Path) -> None:
    later = "import time; time.sleep(0.5); open('late', 'w')"
    code = f'import subprocess, sys; subprocess.Popen([sys.executable, "-I", "-c", {later!r}])'
    python(code, tmp_path)
    time.sleep(1.0)
    assert not (tmp_path / "late").exists()


def test_a_program_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run(["/nowhere/tool"], cwd=tmp_path, environment={}, caps=SMALL)
