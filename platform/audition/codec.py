"""The one codec between domain values and JSON, strict on the way in.

Everything that crosses a trust boundary (a container's result document, a request body, a JSON column) passes
here, so a field is declared once, on its dataclass, and never listed again.
"""

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from audition.domain.errors import InvalidError

T = TypeVar("T")
_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(kind: type[T]) -> TypeAdapter[T]:
    """The adapter of a type, made once: building one takes milliseconds."""
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    found: TypeAdapter[T] = _ADAPTERS[kind]
    return found


def prepare(kind: type[Any]) -> None:
    """Make the adapter of a type now, so that its first use does not wait for it."""
    _adapter(kind)


def to_json(value: object) -> bytes:
    """Encode a dataclass as compact JSON, UTF-8."""
    kind: type[Any] = type(value)
    return _adapter(kind).dump_json(value)


def to_plain(value: object) -> Any:  # noqa: ANN401  JSON has no narrower type
    """Encode a dataclass as plain dicts, lists, strings and numbers."""
    kind: type[Any] = type(value)
    return _adapter(kind).dump_python(value, mode="json")


def from_json(kind: type[T], data: bytes | str, *, what: str, max_bytes: int = 4 << 20) -> T:
    """Decode and check a JSON document.

    Args:
        kind: The dataclass expected.
        data: UTF-8 JSON.
        what: Name of the document, used in the message.
        max_bytes: Largest document that is looked at.

    Raises:
        InvalidError: Too large, no JSON, or not of this kind; `problems` has one line per field.
    """
    if len(data) > max_bytes:
        msg = f"{what} is {len(data):,} bytes; at most {max_bytes:,} are accepted."
        raise InvalidError(msg, code="document-too-large")
    try:
        return _adapter(kind).validate_json(data)
    except ValidationError as error:
        raise _invalid(error, what) from None


def from_plain(kind: type[T], data: object, *, what: str) -> T:
    """Decode and check plain data, e.g. parsed TOML.

    Raises:
        InvalidError: Not of this kind; `problems` has one line per field.
    """
    try:
        return _adapter(kind).validate_python(data)
    except ValidationError as error:
        raise _invalid(error, what) from None


def _invalid(error: ValidationError, what: str) -> InvalidError:
    problems = [
        f"{what}: {'.'.join(str(part) for part in item['loc']) or 'document'}: {item['msg']}"
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    detail = f"{what} has {len(problems)} problem{'s' if len(problems) > 1 else ''}."
    return InvalidError(detail, code="invalid-document", problems=problems)
