"""What should not be in an image, by path and by content."""

import re

from audition.domain.image import HitKind
from audition.grading.secret_shapes import SECRET_FILE, SECRET_TEXT

_MAX_TEXT = 256 << 10
#: Where programs and libraries of others are: their tests and examples hold keys that are none.
_LIBRARIES = re.compile(
    r"^(?:usr/(?:bin|sbin|lib|lib32|lib64|libexec|share|include|games)|usr/local/(?:bin|lib|share|include)"
    r"|bin|sbin|lib|lib64|var/lib|var/cache|proc|sys|dev|boot)/"
    r"|(?:^|/)(?:site-packages|dist-packages|node_modules)/"
)
#: What package managers keep; everything in one such folder is one hit.
_CACHES = re.compile(
    r"^(?:(?:root|home/[^/]+)/\.(?:cache/[^/]+|npm|conda/pkgs)|var/lib/apt/lists|var/cache/apt|opt/[^/]*conda[^/]*/pkgs"
    r"|tmp)(?=/)"
)
_BYTECODE = re.compile(r"^(?:.*/)?__pycache__(?=/)")
_ALONG = re.compile(r"^(?:.*/)?(?:\.git|\.hg|\.dvc|mlruns|wandb|\.ipynb_checkpoints|\.pytest_cache)(?=/)")
_NOTEBOOK = re.compile(r"\.ipynb$")
_TABLE = re.compile(r"\.(?:csv|tsv|parquet|feather|arrow)$")
#: Smaller tables may well be configuration.
_TABLE_BYTES = 64 << 10
_MODEL = re.compile(
    r"\.(?:joblib|pkl|pickle|onnx|safetensors|pt|pth|ckpt|h5|keras|pb|tflite|cbm|ubj|xgb|skops|gguf|npz)$"
)
_PEM = ".pem"
_SHOWN = 4
_MAX_SHOWN = 300


def is_library(path: str) -> bool:
    """Whether a path holds what others wrote."""
    return bool(_LIBRARIES.search(path))


def is_model(path: str) -> bool:
    """Whether a file has the form of a model's."""
    return bool(_MODEL.search(path)) and not is_library(path)


def is_scanned(path: str, size: int) -> bool:
    """Whether a file's content is looked at for secrets."""
    return 0 < size <= _MAX_TEXT and not is_library(path)


def masked_secret(path: str, content: bytes) -> str:
    """What the first secret in a file looks like, masked; empty when there is none."""
    if SECRET_FILE.search(path) and not path.endswith(_PEM):
        return "a file that holds secrets by its name"
    if b"\0" in content[:1024]:
        return ""
    match = SECRET_TEXT.search(content.decode("utf-8", "replace"))
    if not match:
        return ""
    word = match[0].strip()
    return word if word.startswith("-----") else f"{word[:_SHOWN]}… ({len(word)} characters)"


def unwanted(path: str, size: int) -> tuple[HitKind, str] | None:
    """Why a file should not be in an image, and the folder that it counts with; None when it may."""
    if not size:
        return None
    if match := _CACHES.match(path):
        return HitKind.CACHE, match[0]
    return None if is_library(path) else _of_application(path, size)


def _of_application(path: str, size: int) -> tuple[HitKind, str] | None:
    if match := _BYTECODE.match(path):
        return HitKind.CACHE, match[0]
    if match := _ALONG.match(path):
        return HitKind.CONTEXT, match[0]
    is_data = _NOTEBOOK.search(path) or (_TABLE.search(path) and size > _TABLE_BYTES)
    return (HitKind.CONTEXT, path) if is_data else None


def shown(text: str, most: int = _MAX_SHOWN) -> str:
    """Hostile text without what a page or a document would trip over, and not longer than this."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[:most])[:most]
