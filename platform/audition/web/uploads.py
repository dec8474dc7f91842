"""Take an upload out of a request: a form's file field, or a raw body."""

from typing import BinaryIO, cast

from flask import request
from werkzeug.utils import secure_filename

from audition.domain.errors import InvalidError
from audition.services.submit import Upload

#: What the unpack stage can open. The name is only a hint that spares people a wait: what the bytes
#: really are is found out inside a container.
ENDINGS = (".zip", ".tar.gz", ".tgz", ".tar", ".ipynb")
FIELD = "archive"
_DEFAULT_NAME = "submission.zip"


def upload_from_form(idempotency_key: str | None = None) -> Upload:
    """The file of a multipart form.

    Raises:
        InvalidError: No file was chosen, or its name is not that of an archive.
    """
    file = request.files.get(FIELD)
    if file is None or not file.filename:
        msg = "No file was chosen."
        raise InvalidError(
            msg, code="upload-missing", next_step=f"Choose one {_endings()} file. No attempt was used."
        )
    return Upload(
        stream=cast("BinaryIO", file.stream),
        name=_checked(file.filename),
        idempotency_key=idempotency_key,
        is_practice=_is_practice(),
    )


def upload_from_body(idempotency_key: str | None) -> Upload:
    """The raw request body; `?name=` says what the file is called.

    Raises:
        InvalidError: The name is not that of an archive.
    """
    name = _checked(request.args.get("name", _DEFAULT_NAME))
    return Upload(
        stream=cast("BinaryIO", request.stream),
        name=name,
        idempotency_key=idempotency_key,
        is_practice=_is_practice(),
    )


def _is_practice() -> bool:
    """Whether `practice=1` came, in the address or in the form."""
    return (request.args.get("practice") or (request.form.get("practice") if is_form() else "")) == "1"


def is_form() -> bool:
    """Whether the request is a multipart form."""
    return (request.mimetype or "") == "multipart/form-data"


def _checked(name: str) -> str:
    if not name.lower().endswith(ENDINGS):
        shown = secure_filename(name)[-60:] or "The file"
        msg = f"{shown} is not an archive that can be opened here."
        raise InvalidError(
            msg,
            code="upload-type",
            next_step=f"Send your solution as one {_endings()} file. No attempt was used.",
        )
    return name


def _endings() -> str:
    return f"{', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}"
