"""Begin a challenge folder from a template: a small challenge that is complete, to be changed part by part."""

import re
from collections.abc import Mapping
from pathlib import Path

from audition.catalog.archive import read_files
from audition.catalog.manifest import SLUG
from audition.catalog.metric import FILE
from audition.catalog.read import BRIEF_FILE
from audition.catalog.schema import SCHEMA_FILE
from audition.domain.errors import ConflictError, InvalidError, NotFoundError

TEMPLATES_FOLDER = "templates"
"""Beside the challenges; what lies in it is no challenge itself."""
#: Template to the folders that it is laid together from; a later one replaces files of an earlier one.
TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "tabular": ("common", "tabular"),
    "text": ("common", "text"),
    "vision": ("common", "vision"),
    "forecasting": ("common", "forecasting"),
    "service": ("common", "tabular", "service"),
    "sql": ("common", "sql"),
}
_SLUG_LINE = re.compile(r'^slug = ".*"$', re.MULTILINE)
_TITLE_LINE = re.compile(r'^title = ".*"$', re.MULTILINE)


def begin_challenge(challenges: Path, slug: str, template: str, title: str = "") -> Path:
    """Make the folder of a new challenge.

    Args:
        challenges: Where it goes, and where the templates are.
        slug: Its name.
        template: One of `TEMPLATES`.
        title: For manifest and brief; the template's own when empty.

    Raises:
        InvalidError: The slug or the title cannot be used.
        ConflictError: Something of that name is there.
        NotFoundError: The template is not there.
    """
    if not SLUG.fullmatch(slug) or slug == TEMPLATES_FOLDER:
        msg = f"{slug!r} cannot be the name of a challenge."
        raise InvalidError(
            msg, next_step="Use lower-case words and digits joined by hyphens, e.g. late-orders."
        )
    if not title.isprintable() or '"' in title or "\\" in title:
        msg = f"The title {title!r} has characters that cannot stand in it."
        raise InvalidError(msg, next_step="Write plain text without quotes.")
    folder = challenges / slug
    if folder.exists():
        raise ConflictError(f"{folder} is there already.", next_step="Choose another name, or delete it.")
    for name, data in _files(challenges / TEMPLATES_FOLDER, template).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_named(name, data, slug, title))
    return folder


def _files(root: Path, template: str) -> dict[str, bytes]:
    """What the template is made of, by relative path."""
    parts = [root / part for part in TEMPLATES[template]]
    if missing := [part for part in parts if not part.is_dir()]:
        msg = f"{missing[0]} is missing, so there is no template {template!r}."
        raise NotFoundError(
            msg, next_step=f"Copy the folder {TEMPLATES_FOLDER} of Audition's own challenges to {root}."
        )
    found: dict[str, bytes] = {}
    for part in parts:
        found |= read_files(part)
    return found


def _named(name: str, data: bytes, slug: str, title: str) -> bytes:
    """A file with the challenge's own name and title in it."""
    if name not in {FILE, BRIEF_FILE}:
        return data
    text = data.decode()
    if name == BRIEF_FILE:
        rest = text.partition("\n")[2]
        return (f"# {title}\n{rest}" if title else text).encode()
    text = _SLUG_LINE.sub(f'slug = "{slug}"', text, count=1)
    if title:
        text = _TITLE_LINE.sub(lambda _: f'title = "{title}"', text, count=1)
    return f"#:schema ../{SCHEMA_FILE}\n{text}".encode()
