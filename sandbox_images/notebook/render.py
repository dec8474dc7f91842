"""Draw a notebook as HTML that no reader has to fear: prints one JSON document with it.

Runs where no candidate's code runs. The template is the library's `basic`, which has no script and no link to
anywhere; what candidates wrote into cells and outputs is cleaned by nh3, tag by tag. Pages show it in a frame that may
do nothing.
"""

import json
import os
import re
import sys
from pathlib import Path

os.environ["JUPYTER_PATH"] = str(Path(__file__).parent / "share/jupyter")

import nbformat
import nh3
from nbconvert import HTMLExporter
from nbformat import NotebookNode

_MOST_HTML = 3 << 20
_MOST_OUTPUT = 64 << 10
#: Pictures that cells showed; drawn from the bytes themselves, of types that hold no script.
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=\s]*\Z")
_LINK = re.compile(r"(?:https?:|mailto:|#)", re.IGNORECASE)
_DROPPED = {"script", "style", "svg", "math", "iframe", "object", "template", "noscript", "title"}
_SPANS = {"colspan", "rowspan"}
_ATTRIBUTES = {"*": {"class"}, "a": {"href"}, "img": {"src", "alt"}, "td": _SPANS, "th": _SPANS}
_TAGS = nh3.ALLOWED_TAGS - {"map", "area"}


def main(argv: list[str]) -> int:
    """Draw the first notebook of these paths that is there and can be read."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for path in filter(Path.is_file, map(Path, argv)):
        try:
            html = draw(nbformat.read(path, as_version=4))
        except Exception as error:  # noqa: BLE001  the one that ran may have been put there by the notebook itself
            sys.stderr.write(f"{path} cannot be drawn: {type(error).__name__}: {str(error)[:500]}\n")
            continue
        channel.write(json.dumps({"html": html}) + "\n")
        channel.flush()
        return 0
    return 1


def draw(notebook: NotebookNode) -> str:
    """Its cells and their outputs as clean HTML."""
    for cell in notebook.cells:
        cell.attachments = {}
        for output in cell.get("outputs", []):
            _shorten(output)
    notebook.metadata.pop("widgets", None)
    exporter = HTMLExporter(template_name="basic", exclude_input_prompt=False, embed_images=False)
    body, _ = exporter.from_notebook_node(notebook)
    html = clean(body)
    if len(html.encode()) > _MOST_HTML:
        return clean("<p>This notebook is too long to be drawn; download the submission to read it.</p>")
    return html


def _shorten(output: NotebookNode) -> None:
    """Cut texts that nobody reads to their end; a picture is whole or not at all."""
    if isinstance(output.get("text"), str):
        output.text = output.text[:_MOST_OUTPUT]
    for kind, value in list(output.get("data", {}).items()):
        is_text = isinstance(value, str) and not kind.startswith("image/")
        if is_text:
            output.data[kind] = value[:_MOST_OUTPUT]
        elif len(str(value)) > _MOST_HTML // 4:
            del output.data[kind]


def clean(html: str) -> str:
    """HTML of known tags and attributes; links lead to the web only, pictures come from nowhere."""
    return str(
        nh3.clean(
            html,
            tags=_TAGS,
            clean_content_tags=_DROPPED,
            attributes=_ATTRIBUTES,
            attribute_filter=_attribute,
            url_schemes={"http", "https", "mailto", "data"},
            link_rel="noopener noreferrer nofollow",
        )
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    if (tag, name) == ("img", "src"):
        return value if _PICTURE.match(value) else None
    if name == "href":
        return value if _LINK.match(value) else None
    return value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
