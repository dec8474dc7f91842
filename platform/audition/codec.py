"""The one codec between domain values and JSON, strict on the way in.

Everything that crosses a trust boundary (a container's result document, a request body, a JSON column) passes
here, so a field is declared once, on its dataclass, and never listed again.
"""

from collections.abc import Iterable
from typing import Any, Literal, TypeVar

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


def from_json(
    kind: type[T], data: bytes | str, *, what: str, max_bytes: int = 4 << 20, is_exact: bool = False
) -> T:
    """Decode and check a JSON document.

    Args:
        kind: The dataclass expected.
        data: UTF-8 JSON.
        what: Name of the document, used in the message.
        max_bytes: Largest document that is looked at.
        is_exact: Refuse unknown members, and "7" where a number is wanted; for what people write by hand.

    Raises:
        InvalidError: Too large, no JSON, or not of this kind; `problems` has one line per field.
    """
    if len(data) > max_bytes:
        msg = f"{what} is {len(data):,} bytes; at most {max_bytes:,} are accepted."
        raise InvalidError(msg, code="document-too-large")
    try:
        return _adapter(kind).validate_json(
            data, strict=is_exact or None, extra="forbid" if is_exact else None
        )
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


def schemas(
    taken: Iterable[Any], given: Iterable[Any], reference: str
) -> tuple[dict[Any, Any], dict[Any, Any], dict[str, Any]]:
    """Describe types as JSON Schema (draft 2020-12).

    Args:
        taken: What `from_json` reads.
        given: What `to_plain` writes.
        reference: Address of a shared definition, with `{model}` for its name.

    Returns:
        Schema of each taken type, of each given type, and the definitions that they share.
    """
    wanted: list[tuple[Any, Literal["validation", "serialization"], TypeAdapter[Any]]] = [
        *((kind, "validation", _adapter(kind)) for kind in taken),
        *((kind, "serialization", _adapter(kind)) for kind in given),
    ]
    found, shared = TypeAdapter.json_schemas(wanted, ref_template=reference)
    by_mode = {
        mode: {kind: schema for (kind, a_mode), schema in found.items() if a_mode == mode}
        for mode in ("validation", "serialization")
    }
    return by_mode["validation"], by_mode["serialization"], shared.get("$defs", {})


def _invalid(error: ValidationError, what: str) -> InvalidError:
    problems = [
        f"{what}: {'.'.join(str(part) for part in item['loc']) or 'document'}: {item['msg']}"
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    detail = f"{what} has {len(problems)} problem{'s' if len(problems) > 1 else ''}."
    return InvalidError(detail, code="invalid-document", problems=problems)
