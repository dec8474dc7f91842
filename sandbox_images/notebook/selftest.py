"""Run inside the image, hardened: does a notebook run up to its first error, and is what it left drawn without harm?"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

PYTHON = ["/usr/bin/env", "python"]
HOME = Path("/opt/notebook")


def code(source: str, *tags: str) -> dict[str, object]:
    """One code cell, as a notebook keeps it."""
    return {
        "cell_type": "code",
        "source": source,
        "metadata": {"tags": list(tags)},
        "outputs": [],
        "execution_count": None,
    }


def hostile() -> dict[str, object]:
    """A cell of text that means harm."""
    source = "<script>hurt()</script><img src=x onerror=hurt()>\n\n[a](javascript:hurt()) <svg onload=hurt()></svg>"
    return {"cell_type": "markdown", "source": source, "metadata": {}}


def run(cells: list[dict[str, object]], **changes: object) -> tuple[int, list[dict[str, object]], Path]:
    """The exit code, the events, and the folder with what was left; `changes` are other keys of the notebook."""
    top = Path(tempfile.mkdtemp())
    for name in ("submission/deep", "in", "out"):
        (top / name).mkdir(parents=True)
    document = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells, **changes}
    (top / "submission/deep/a.ipynb").write_text(json.dumps(document), encoding="utf-8-sig")
    (top / "submission/helper.py").write_text("ANSWER = 42\n")
    words = ["-I", str(HOME / "run.py"), "deep/a.ipynb", "--name", "predictions.csv"]
    places = [f"--{name}={top / folder}" for name, folder in (("submission", "submission"), ("inputs", "in"))]
    done = subprocess.run(
        [*PYTHON, *words, *places, f"--out={top / 'out'}"], check=False, stdout=subprocess.PIPE, timeout=60
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], top / "out"


status, events, out = run(
    [
        hostile(),
        code("data = 'at home'", "parameters"),
        code("import os; os.environ.get('x') or (os.fork() or (print('a child'), os._exit(0)))"),
        code("import sys, numpy; sys.path.insert(0, '..'); import helper; assert data != 'at home'"),
        code("open('predictions.csv', 'w').write(str(helper.ANSWER)); print('x' * 3_000_000)"),
        code("from IPython.display import HTML; HTML('<script>hurt()</script><b onclick=hurt()>bold</b>')"),
        code("1 / 0"),
        code("print('never')"),
    ]
)
assert status == 1, status
assert [event["event"] for event in events] == ["begin", *["cell"] * 6, "end"], events
assert [event.get("outcome") for event in events[1:]] == [*["passed"] * 5, "failed", "failed"], events
assert (events[0]["cells"], events[6]["number"]) == (7, 7), events
assert "ZeroDivisionError" in events[6]["error"], events[6]
assert events[1]["memory_bytes"] > 1 << 20, events[1]
assert (out / "predictions.csv").read_text() == "42"
assert (out / "executed.ipynb").stat().st_size < 1 << 20

bar = code("import sys; print('10 %\\r20 %\\r\\n' * 3, end='', flush=True); print('end')")
_, _, other = run([bar])
[said] = json.loads((other / "executed.ipynb").read_text())["cells"][1]["outputs"]
assert "".join(said["text"]) == "20 %\n20 %\n20 %\nend\n", said

died, events, _ = run([code("import os; os._exit(0)"), code("1")])
assert (died, [event.get("outcome") for event in events]) == (1, [None, "died", "died"]), events

# What is kept beside the cells is as wrong as can be, and what they said at home is not what they say here.
said_at_home = [{"output_type": "stream", "name": "stdout", "text": "at home"}]
odd = [
    {"cell_type": "markdown", "source": ["a", "b"], "outputs": 3, "attachments": 5},
    {
        "cell_type": "code",
        "source": "open('predictions.csv', 'w').close()",
        "metadata": {"tags": 5},
        "outputs": 7,
    },
    code("1 / 0"),
    {**code("print('here')"), "outputs": said_at_home},
]
failed, events, left = run(odd, metadata=[], nbformat_minor="x")
assert (failed, [event.get("outcome") for event in events]) == (1, [None, "passed", "failed", "failed"]), (
    events
)
assert (left / "predictions.csv").exists()
assert "at home" not in (left / "executed.ipynb").read_text()

drawn = subprocess.run(
    [*PYTHON, "-I", str(HOME / "render.py"), str(out / "executed.ipynb")],
    check=True,
    stdout=subprocess.PIPE,
    timeout=60,
)
html = json.loads(drawn.stdout)["html"]
assert "ZeroDivisionError" in html, html
assert "<b>bold</b>" in html, html
for harm in ("<script", "hurt()", "javascript:", "<svg", "onerror", "onclick"):
    # Cells show their own source, in which the words stand as text.
    assert harm not in html.replace("&lt;", "").split('class="highlight', 1)[0], harm
assert "<script" not in html
assert "onclick=hurt()>" not in html
sys.stdout.write(f"{len(html):,} characters of HTML\n")
