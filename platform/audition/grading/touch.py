"""Change one source file of a submission, as a colleague would, to see what a builder then does again."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from audition.domain.contract import Contract, Entry

_MOST_BYTES = 1 << 20
_SUFFIX = ".py"
#: What services are usually called.
_USUAL = ("serve.py", "app.py", "main.py", "server.py", "api.py", "service.py")
#: What no service is made of.
_OTHER = re.compile(r"(?:^|/)(?:tests?/|test_|conftest|setup\.py|train|notebooks?/)")
_WORD = re.compile(r"[\w./-]+(?::\w+)?")
_CHANGE = b"\n# A line that changes nothing.\n"


def touched_source(
    submission: Path, entries: Sequence[Entry], contract: Contract, recipe: bytes
) -> tuple[str, bytes]:
    """The file that the service is most likely started from, and its content with one line more.

    Args:
        submission: The unpacked files.
        entries: What the builder is sent of them.
        contract: Of the submission.
        recipe: The Dockerfile.

    Returns:
        Path and content; both empty when there is no such file.
    """
    sources = {e.path for e in entries if e.path.endswith(_SUFFIX) and 0 < e.bytes <= _MOST_BYTES}
    path = next(_likely(sources, contract, recipe), "")
    return (path, (submission / path).read_bytes() + _CHANGE) if path else ("", b"")


def _likely(sources: set[str], contract: Contract, recipe: bytes) -> Iterator[str]:
    commands = [
        line for line in recipe.decode().splitlines() if line.upper().startswith(("CMD", "ENTRYPOINT"))
    ]
    words = [*contract.serving.start, *_WORD.findall(" ".join(commands))]
    ordered = sorted(sources, key=lambda path: (path.count("/"), path))
    for word in (*words, *_USUAL):
        name = PurePosixPath(_as_file(word)).name
        yield from (path for path in ordered if PurePosixPath(path).name == name)
    yield from (path for path in ordered if not _OTHER.search(path))


def _as_file(word: str) -> str:
    """A module, as `package.serve:app` names it, by the name of its file."""
    if word.endswith(_SUFFIX):
        return word
    return word.partition(":")[0].rpartition(".")[2] + _SUFFIX
