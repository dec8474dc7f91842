"""Read what containers of an image start with from the engine's record: the words are a candidate's, so capped."""

from collections.abc import Iterable, Mapping
from typing import Any

from audition.adapters.docker.build_log import plain
from audition.adapters.docker.translate import LABEL_RUN
from audition.domain.image import ImageConfig

_MAX_WORDS = 64
_MAX_WORD = 512
_OUR_LABELS = (LABEL_RUN.partition(".")[0] + ".", "org.audition.")


def read_config(config: Mapping[str, Any]) -> ImageConfig:
    """The engine's `Config` of an image, as far as we look at it."""
    health = config.get("Healthcheck") or {}
    labels = config.get("Labels") or {}
    names = (str(line).partition("=")[0] for line in config.get("Env") or ())
    return ImageConfig(
        user=_word(config.get("User")),
        working_dir=_word(config.get("WorkingDir")),
        entrypoint=_words(config.get("Entrypoint")),
        command=_words(config.get("Cmd")),
        environment=tuple(sorted(_words(names))),
        ports=tuple(sorted(_words(config.get("ExposedPorts")))),
        health_check=_words(health.get("Test")),
        labels=tuple(sorted(_words(name for name in labels if not str(name).startswith(_OUR_LABELS)))),
        stop_signal=_word(config.get("StopSignal")),
    )


def _words(words: Iterable[object] | None) -> tuple[str, ...]:
    return tuple(_word(word) for word, _ in zip(words or (), range(_MAX_WORDS), strict=False))


def _word(word: object) -> str:
    return plain(str(word or "")[:_MAX_WORD]).replace("\n", "\\n").replace("\t", " ")[:_MAX_WORD]
