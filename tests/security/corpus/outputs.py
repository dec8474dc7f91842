"""Families B and H, the predictions file: links, pipes, tricks of CSV and Parquet."""

import io

import pyarrow as pa
import pyarrow.parquet as pq

from audition.domain.run import Verdict
from tests.security.corpus.attack import ACCEPTED, INVALID, Attack, attack, is_worth_nothing, says
from tests.security.corpus.proving_ground import ROWS

_CRASHED = frozenset({Verdict.NONZERO_EXIT})
_FILE = "/out/predictions.csv"


def csv(text: str) -> str:
    """A predict.py that writes this text; {rows} stands for good rows."""
    rows = "".join(f"{n},0.5\n" for n in range(ROWS))
    return f"open({_FILE!r}, 'w', newline='').write({text.replace('{rows}', rows)!r})"


def ids(template: str) -> str:
    """A predict.py whose every row is made by a template of the id."""
    rows = "".join(template.replace("{n}", str(n)) + "\n" for n in range(ROWS))
    return csv("id,probability\n" + rows)


def parquet(table: pa.Table, **options: object) -> dict[str, bytes]:
    """The file as part of the submission."""
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return {"ready.parquet": sink.getvalue()}


_COPY = "import shutil\nshutil.copyfile('ready.parquet', '/out/predictions.parquet')"
#: One string of 4 MB, half a million times: kilobytes as a file, terabytes when it is written out.
_DICTIONARY = pa.table(
    {
        "id": pa.DictionaryArray.from_arrays(
            pa.array([0] * 500_000, pa.int32()), pa.array(["x" * (4 << 20)], pa.large_string())
        ),
        "probability": pa.array([0.5] * 500_000),
    }
)
_NESTED = pa.table({"id": pa.array([[[[n]]] for n in range(ROWS)]), "probability": pa.array([[0.5]] * ROWS)})
_STRUCTS = pa.table(
    {
        "id": pa.array([str(n) for n in range(ROWS)]),
        "probability": pa.array([{"value": 0.5}] * ROWS),
    }
)
_BAD = """
import os, pickle
class Bad:
    def __reduce__(self):
        return os.system, ("touch /tmp/owned",)
"""
_WORTHLESS = {"the metric is worth nothing": is_worth_nothing}


#: What is no file for the host either: under gVisor pipes and sockets exist inside only.
_NO_FILE = "There is no predictions.csv"


def refused(
    id_: str, name: str, act: str, script: str, *words: str, files: dict[str, bytes] | None = None
) -> Attack:
    """Predictions that cannot be used, and we say why."""
    return attack(id_, name, act, script, INVALID, looks={**_WORTHLESS, "why": says(*words)}, files=files)


_LINKS = (
    refused(
        "B01",
        "link-to-shadow",
        "predictions.csv is a link to /etc/shadow",
        f"import os\nos.symlink('/etc/shadow', {_FILE!r})",
        "cannot be opened as a regular file",
    ),
    refused(
        "B02",
        "link-to-answers",
        "predictions.csv is a link to where answers might be mounted",
        f"import os\nos.symlink('/answers/answers.csv', {_FILE!r})",
        "cannot be opened as a regular file",
    ),
    refused(
        "B05",
        "named-pipe",
        "predictions.csv is a pipe that nobody ever writes to",
        f"import os\nos.mkfifo({_FILE!r})",
        _NO_FILE,
    ),
    refused(
        "B06",
        "socket-and-device",
        "predictions.csv is a socket; making a device fails",
        "import os, socket\n"
        "try:\n    os.mknod('/out/predictions.parquet', 0o60666, os.makedev(8, 0)); raise SystemExit(9)\n"
        f"except PermissionError:\n    pass\nsocket.socket(socket.AF_UNIX).bind({_FILE!r})",
        _NO_FILE,
    ),
    refused(
        "B08",
        "planted-links",
        "links and folders stand where the platform might write later",
        "import os\nfor n in ('grade.json', 'run.json', 'stdout', 'report.html', 'logs'):\n"
        "    os.symlink('/evidence/run.json', f'/out/{n}')\n"
        f"os.mkdir({_FILE!r})",
        "not a regular file",
    ),
    refused(
        "X10",
        "hard-link",
        "predictions.csv has a second name",
        "import os\nopen('/out/a', 'w').write('id,probability\\n')\nos.link('/out/a', '/out/predictions.csv')",
        "several names",
    ),
    attack(
        "X11",
        "hard-link-to-input",
        "links the input into /out instead of copying it",
        "import os\nos.link('/in/test.csv', '/out/predictions.csv')",
        _CRASHED,
        looks={"the kernel refuses": lambda o: "cross-device" in o.stderr or "Permission" in o.stderr},
    ),
    refused(
        "X12",
        "locked-folder",
        "takes all rights from /out, so that nobody can look into it",
        "import os\nopen('/out/predictions.csv', 'w').write('x')\nos.chmod('/out', 0)",
        "/out",
    ),
    refused(
        "X13",
        "locked-file",
        "takes all rights from predictions.csv",
        f"import os\nopen({_FILE!r}, 'w').write('x')\nos.chmod({_FILE!r}, 0)",
        "Permission denied",
    ),
    refused(
        "X14",
        "odd-names",
        "files in /out are named like options, with line ends, and like nothing printable",
        "names = ['--help', '-rf', '$(id)', 'a\\nb', '\\x1b[2J', ';reboot', '\\u202e', 'x' * 255]\n"
        "for n in names:\n    open('/out/' + n, 'w').write('x')\nopen(b'/out/\\xff\\xfe', 'w').write('x')",
        "not one of the expected files",
    ),
    attack(
        "X15",
        "crowd",
        "puts as many files beside the predictions as fit",
        "import os\nfor n in range(55):\n    open(f'/out/junk{n}', 'w').write('x')",
        then_honest=True,
        looks={"the junk is named, and not all of it": lambda o: 1 < o.said.count("junk") < 55},
    ),
)

_CSV = (
    refused("H15", "csv-tricks", "repeats ids, leaves some out, adds a mark and quoted line ends",
            csv('\ufeffid,probability\n1,0.5\n1,0.6\n"2\n3",0.1\n'), "ids are missing", "more than once", "line 3"),
    refused("H16", "code-in-fields", "writes Python where numbers belong",
            ids("{n},__import__('os').system('id')"), "not finite numbers"),
    refused("H18", "empty", "writes a header and no rows", csv("id,probability\n"), "60 ids are missing"),
    refused("X16", "ten-million-rows", "writes as many rows as fit, in a file of one id",
            f"open({_FILE!r}, 'w').write('id,probability\\n' + '1,0.5\\n' * 1_000_000)", "far more rows"),
    refused("X17", "wide-header", "has a hundred thousand columns and then the right ones",
            f"open({_FILE!r}, 'w').write(','.join(f'c{{n}}' for n in range(100_000)) + ',id,probability\\n')",
            "60 ids are missing"),
    refused("X18", "endless-line", "one line of eight million cells",
            f"open({_FILE!r}, 'w').write('id,probability\\n' + ',' * 8_000_000)", "longer than"),
    refused("X19", "huge-cell", "a header cell of a megabyte",
            f"open({_FILE!r}, 'w').write('x' * (1 << 20) + ',id,probability\\n')", "line 1"),
    refused("X20", "two-headers", "names the prediction column twice, with two sets of values",
            csv("id,probability,probability\n" + "".join(f"{n},0.1,0.9\n" for n in range(ROWS))), "2 times"),
    refused("X21", "look-alike-ids", "ids in digits of another script, which look alike",
            csv("id,probability\n\uff10,0.5\n{rows}"), "not asked for"),
    refused("X22", "overflowing-numbers", "numbers that overflow: 1e400",
            ids("{n},1e400"), "not finite numbers"),
    refused("X23", "hex-numbers", "numbers as C writes them: 0x1p-1",
            ids("{n},0x1p-1"), "not finite numbers"),
    refused("X24", "grouped-numbers", "numbers that only Python reads: 0.1_1",
            ids("{n},0.1_1"), "not finite numbers"),
    refused("X25", "just-out-of-range", "a probability a little above one",
            ids("{n},1.0000000000000002"), "out of range"),
    refused("X26", "multi-line-row", "one row of quoted line ends that goes on to the end of the file",
            f"open({_FILE!r}, 'w').write('id,probability\\n' + '\"\\n\",' * 1_500_000)", "longer than"),
    attack("X27", "spaces-around-ids", "puts spaces around its ids, which are not part of them",
           ids(" {n} , 0.5 "), ACCEPTED, looks={"the constant score": lambda o: o.report.metrics[0].value == 0.5}),
)  # fmt: skip

_PARQUET = (
    refused("X28", "parquet-dictionary-bomb", "one long string, half a million times, by reference",
            _COPY, "predictions.parquet", files=parquet(_DICTIONARY)),
    refused("X29", "parquet-nested", "lists of lists where ids belong", _COPY, "predictions.parquet",
            files=parquet(_NESTED)),
    refused("X30", "parquet-records", "records where numbers belong", _COPY, "not finite numbers",
            files=parquet(_STRUCTS)),
    refused("H07", "pickle", "predictions.parquet is a pickle that runs a command",
            _BAD + "pickle.dump(Bad(), open('/out/predictions.parquet', 'wb'))", "cannot be read as Parquet"),
    refused("H08", "disguised-pickle", "pickles under names of model files, and one as predictions.csv",
            _BAD + "for n in ('model.pt2', 'model.ts', 'model.npz', 'model.safetensors', 'predictions.csv'):\n"
            "    pickle.dump(Bad(), open('/out/' + n, 'wb'))", "UTF-8"),
)  # fmt: skip

CASES: tuple[Attack, ...] = (*_LINKS, *_CSV, *_PARQUET)
