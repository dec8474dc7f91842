"""Checking what `prepare` made against what the challenge promises."""

from collections.abc import Iterable

from audition.catalog.read import CHECKSUMS_FILE, ChallengeFolder
from audition.domain.challenge import Area, DataFile
from audition.domain.errors import InvalidError


def check_produced(challenge: ChallengeFolder, files: Iterable[DataFile]) -> None:
    """Compare names and digests with `data/checksums.toml`, and look for what the manifest names.

    Raises:
        InvalidError: `problems` lists every file that is missing, unexpected or different.
    """
    made = {f"{file.area.value}/{file.name}": file.digest for file in files}
    problems = [f"{name}: prepare did not make it." for name in sorted(set(challenge.checksums) - set(made))]
    for name, digest in sorted(made.items()):
        promised = challenge.checksums.get(name)
        if promised is None:
            problems.append(f"{name}: {CHECKSUMS_FILE} does not list it.")
        elif promised != digest:
            problems.append(f"{name}: its digest is {digest}, not {promised}.")
    for area, names in (
        (Area.PUBLIC, challenge.manifest.inputs),
        (Area.PRIVATE, (challenge.manifest.answers.file,)),
    ):
        problems += [
            f"{area.value}/{name}: challenge.toml names it, but prepare did not make it."
            for name in names
            if f"{area.value}/{name}" not in made
        ]
    if problems:
        msg = f"What prepare made differs from what {challenge.manifest.slug} promises."
        step = f"If that was on purpose, write the new digests into {CHECKSUMS_FILE}."
        raise InvalidError(msg, code="data-differs", next_step=step, problems=problems)


def render_checksums(files: Iterable[DataFile]) -> str:
    """The text of `data/checksums.toml` for these files."""
    lines = [
        "# SHA-256 of every file that prepare.py makes; the files are never committed.",
        "[files]",
    ]
    lines += sorted(f'"{file.area.value}/{file.name}" = "{file.digest}"' for file in files)
    return "\n".join(lines) + "\n"
