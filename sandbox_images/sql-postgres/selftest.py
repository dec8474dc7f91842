"""Run inside the image, hardened: are answers in PostgreSQL's SQL run, and do those that mean harm get nowhere?

This file runs in isolated mode (`-I`), so it starts the image's `python` once more, as a run does.
"""

import os
import subprocess
import sys
from pathlib import Path

GOOD = """
CREATE EXTENSION tablefunc;
CREATE VIEW rates AS
SELECT kind, avg(label::int) FILTER (WHERE seen < DATE '2026-03-01') AS rate FROM train GROUP BY kind;
CREATE FUNCTION half(x numeric) RETURNS numeric LANGUAGE plpgsql AS $$ BEGIN RETURN x / 2; END $$;
"""
MORE = """
CREATE TABLE predictions AS
SELECT DISTINCT ON (id) id, round(half(rate), 2) AS rate, note IS NULL AS is_new,
       (seen AT TIME ZONE 'Europe/Rome')::date AS there
FROM test JOIN rates USING (kind) JOIN LATERAL (SELECT seen FROM train LIMIT 1) AS one ON true ORDER BY id;
"""
EXPECTED = "id,rate,is_new,there\n1,0.50,t,2026-01-01\n2,0.25,f,2026-01-01\n"
#: Each is refused, or ends where there is no more room, and none leaves predictions.
HOSTILE = {
    "a program": "COPY train FROM PROGRAM 'id'; CREATE TABLE predictions AS SELECT 1;",
    "a file": "CREATE TABLE predictions AS SELECT pg_read_file('/etc/passwd');",
    "a file to load": "COPY train FROM '/etc/passwd';",
    "a large object": "SELECT lo_import('/etc/passwd'); CREATE TABLE predictions AS SELECT 1;",
    "a library": "CREATE FUNCTION sh(cstring) RETURNS int AS '/lib/x86_64-linux-gnu/libc.so.6', 'system' LANGUAGE c;",
    "another role": "SET SESSION AUTHORIZATION postgres; CREATE TABLE predictions AS SELECT 1;",
    "a function without end": "CREATE FUNCTION f(n int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
    "CREATE OR REPLACE FUNCTION f(n int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN f(n + 1); END';"
    "CREATE TABLE predictions AS SELECT f(1);",
    "rows without end": "CREATE TABLE predictions AS WITH RECURSIVE r(n) AS (SELECT repeat('x', 9999) || random()"
    " UNION ALL SELECT n FROM r) SELECT count(*) FROM r;",
    "a full disk": "CREATE TABLE predictions AS SELECT repeat(md5(n::text), 200) FROM generate_series(1, 9999999) n;",
    "a full log": "CREATE TABLE t (x text); CREATE INDEX ON t (x); COMMIT;"
    "INSERT INTO t SELECT md5(x::text) FROM generate_series(1, 9999999) x;",
    "its own end": "SELECT pg_terminate_backend(pg_backend_pid());",
    "nothing": "CREATE TABLE prediction AS SELECT 1;",
}

inputs, outputs = Path("/tmp/in"), Path("/tmp/out")
inputs.mkdir()
outputs.mkdir()
TRAIN = (
    "kind,label,seen",
    "a,true,2026-01-01",
    "b,true,2026-01-01",
    "b,false,2026-02-01",
    "a,false,2026-04-01",
)
(inputs / "train.csv").write_text("\n".join(TRAIN))
(inputs / "test.csv").write_text('id,kind,note\n2,b,"x, ""y"""\n1,a,\n')
environment = {**os.environ, "AUDITION_IN": str(inputs), "AUDITION_OUT": str(outputs)}
result = outputs / "predictions.csv"


def answer(*texts: str) -> subprocess.CompletedProcess[str]:
    """What comes of files with these texts."""
    result.unlink(missing_ok=True)
    files = [Path(f"/tmp/answer-{n}.sql") for n in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    words = ["/usr/bin/env", "python", "-m", "run_postgres", *map(str, files)]
    return subprocess.run(words, env=environment, check=False, text=True, stderr=subprocess.PIPE)


good = answer(GOOD, MORE)
assert (good.returncode, result.read_text()) == (0, EXPECTED), (good, result.read_text())
wrong = answer("SELECT 1;\nSELECT 2;\nSELECT nothing;\n")
assert (wrong.returncode, wrong.stderr.splitlines()[0].split(": ")[0]) == (1, "/tmp/answer-0.sql:3"), wrong
for what, text in HOSTILE.items():
    done = answer(text)
    print(f"{what}: {done.stderr.strip().splitlines()[0][:150] if done.stderr else 'nothing was said'}")
    assert done.returncode == 1, what
    assert not result.exists() or not result.read_text(), what
again = answer(GOOD, MORE)
assert again.returncode == 0, again
sys.stdout.write("answers run, and those that mean harm do not\n")
