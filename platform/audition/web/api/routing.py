"""What every route of the API is made with: its blueprint, its description, and the reader of its body."""

from collections.abc import Callable
from dataclasses import dataclass
from types import UnionType
from typing import Any, TypeVar

from flask import Blueprint, request

from audition import codec

T = TypeVar("T")
View = TypeVar("View", bound=Callable[..., Any])

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

JSON = "application/json"
#: No JSON request of ours is near this; a larger one is a mistake or an attack.
MOST_JSON_BYTES = 64 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A parameter behind the question mark."""

    name: str
    about: str
    schema: dict[str, Any]
    is_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a route takes and gives; its words are the first line of its docstring.

    Attributes:
        answer: The document of a success; None where it is a file, or nothing.
        status: Of a success.
        media: Content types of a success that is a file.
        is_list: The document is `{"items": [...]}` of `answer`.
        body: The document taken; None for none.
        uploads: Content types of a body that is a file.
        query: Parameters behind the question mark.
        is_open: Needs no token.
        has_secret: The answer has something that is nowhere else, so it is not kept.
    """

    answer: type[Any] | UnionType | None = None
    status: int = 200
    media: tuple[str, ...] = ()
    is_list: bool = False
    body: type[Any] | None = None
    uploads: tuple[str, ...] = ()
    query: tuple[Query, ...] = ()
    is_open: bool = False
    has_secret: bool = False

    @property
    def takes_key(self) -> bool:
        """Whether a POST is done once for each `Idempotency-Key`; an upload has its own way to do that."""
        return not self.is_open and not self.uploads


#: By endpoint.
OPERATIONS: dict[str, Operation] = {}


def describes(operation: Operation) -> Callable[[View], View]:
    """Say what the decorated route takes and gives."""

    def register(view: View) -> View:
        OPERATIONS[f"{blueprint.name}.{view.__name__}"] = operation
        return view

    return register


def read_body(kind: type[T]) -> T:
    """The request's JSON body, checked; an empty one means all defaults.

    Raises:
        InvalidError: It is not such a document; every member that is wrong is named.
    """
    request.max_content_length = MOST_JSON_BYTES
    data = request.get_data() or b"{}"
    return codec.from_json(kind, data, what="request body", max_bytes=MOST_JSON_BYTES, is_exact=True)
