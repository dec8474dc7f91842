"""What is known of a candidate's built image: how it is started, by the engine's record."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageConfig:
    """What a container of the image starts with. The words are the candidate's own, capped and printable."""

    user: str = ""
    """As it was written; empty is root."""
    working_dir: str = ""
    """Empty is the root folder."""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    """Names, sorted; values may be secrets."""
    ports: tuple[str, ...] = ()
    """As exposed, e.g. "8080/tcp", sorted."""
    health_check: tuple[str, ...] = ()
    """As the engine keeps it, e.g. ("CMD", "curl", …); ("NONE",) when it was switched off."""
    labels: tuple[str, ...] = ()
    """Names, sorted, without ours."""
    stop_signal: str = ""

    @property
    def process(self) -> tuple[str, ...]:
        """What becomes process 1."""
        return (*self.entrypoint, *self.command)

    @property
    def is_shell_form(self) -> bool:
        """Whether a shell of the builder's stands before the command."""
        return self.process[:2] == ("/bin/sh", "-c")
