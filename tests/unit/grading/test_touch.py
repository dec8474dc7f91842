"""Which source file is changed to see what a builder does again."""

from pathlib import Path

import pytest

from audition.domain.contract import Contract, Entry
from audition.domain.serving import Serving
from audition.grading.touch import touched_source


@pytest.mark.parametrize(
    ("recipe", "start", "files", "wanted"),
    [
        ('CMD ["python", "run.py"]', (), ["serve.py", "run.py"], "run.py"),
        ("CMD uvicorn api.web:app", (), ["serve.py", "api/web.py"], "api/web.py"),
        ('ENTRYPOINT ["gunicorn", "wsgi:app"]', (), ["wsgi.py", "app.py"], "wsgi.py"),
        ('CMD ["x"]', ("python", "svc.py"), ["svc.py", "app.py"], "svc.py"),
        ("CMD run", (), ["tests/serve.py", "src/serve.py", "deep/er/serve.py"], "src/serve.py"),
        ("CMD run", (), ["train.py", "tests/a.py", "lib/thing.py"], "lib/thing.py"),
        ("CMD run", (), ["train.py", "README.md"], ""),
        ("CMD run", (), [], ""),
    ],
)
def test_it_is_the_file_that_the_service_is_most_likely_started_from(
    tmp_path: Path, recipe: str, start: tuple[str, ...], files: list[str], wanted: str
) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"print()")
    entries = [Entry(path=name, bytes=7) for name in files]
    contract = Contract(serving=Serving(start=start))

    path, content = touched_source(tmp_path, entries, contract, recipe.encode())

    assert path == wanted
    if wanted:
        assert content.startswith(b"print()\n#")
        compile(content, path, "exec")
