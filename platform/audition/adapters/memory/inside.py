"""What a fake container looks like from inside: the handle that its program works with."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from audition.domain.execution import ContainerSpec, VolumeMount


class EndedError(Exception):
    """Raised inside a program when its container is ended, with the facts that `Exit` will have."""

    def __init__(
        self,
        *,
        is_out_of_memory: bool = False,
        is_past_deadline: bool = False,
        is_flooding: bool = False,
    ) -> None:
        """Keep the facts."""
        super().__init__("ended from outside")
        self.is_out_of_memory = is_out_of_memory
        self.is_past_deadline = is_past_deadline
        self.is_flooding = is_flooding


@dataclass
class FakeVolume:
    """Files of a volume, by name; emptied when the last container that mounts it ends."""

    mount: VolumeMount
    files: dict[str, bytes] = field(default_factory=dict)
    users: int = 0


class Inside:
    """A container as the program in it sees it."""

    def __init__(
        self, spec: ContainerSpec, volumes: dict[str, FakeVolume], should_stop: Callable[[], bool] | None
    ) -> None:
        """Nothing is printed yet and no time has passed."""
        self.spec = spec
        self.stdout = bytearray()
        self.stderr = bytearray()
        self.seconds = 0.0
        self.peak_bytes = 0
        self.is_truncated = False
        self.news = threading.Condition()
        self.has_ended = False
        self.is_killed = False
        self.is_served = False
        self._volumes = volumes
        self._should_stop = should_stop
        self._signals: list[str] = []
        self._heard: list[bytes] = []
        self._total = 0

    def print(self, data: bytes) -> None:
        """Write to stdout."""
        self._write(self.stdout, data)

    def complain(self, data: bytes) -> None:
        """Write to stderr."""
        self._write(self.stderr, data)

    def sleep(self, seconds: float) -> None:
        """Let time pass; the container may be ended meanwhile."""
        until = self.seconds + seconds
        while self.seconds < until:
            self._check_alive()
            step = min(1.0, until - self.seconds)
            if self.seconds + step > self.spec.limits.time_seconds:
                self.seconds = self.spec.limits.time_seconds
                raise EndedError(is_past_deadline=True)
            self.seconds += step
            if self._should_stop is not None and self._should_stop():
                raise EndedError

    def allocate(self, count: int) -> None:
        """Use this much memory at once."""
        self.peak_bytes = max(self.peak_bytes, min(count, self.spec.limits.memory_bytes))
        if count > self.spec.limits.memory_bytes:
            raise EndedError(is_out_of_memory=True)

    def write(self, volume: str, name: str, data: bytes) -> None:
        """Write a file into a volume.

        Raises:
            OSError: It is mounted read-only, or full.
        """
        held = self._volumes[volume]
        mount = self._mount(volume)
        files = {**held.files, name: data}
        if not mount.is_writable:
            msg = f"Read-only file system: {name}"
            raise OSError(msg)
        # The root folder of a file system takes the first inode.
        if sum(map(len, files.values())) > mount.size_bytes or len(files) > mount.inodes - 1:
            msg = f"No space left on device: {name}"
            raise OSError(msg)
        held.files = files

    def read(self, volume: str) -> dict[str, bytes]:
        """All files of a volume."""
        return dict(self._volumes[volume].files)

    def await_signal(self) -> str:
        """Wait for a signal in real time, as a served container does; being killed ends the wait."""
        with self.news:
            self.news.wait_for(lambda: self._signals or self.is_killed)
            self._check_alive()
            return self._signals.pop(0)

    def read_line(self) -> bytes:
        """Wait in real time for a line on stdin; being killed ends the wait."""
        with self.news:
            self.news.wait_for(lambda: self._heard or self.is_killed)
            self._check_alive()
            return self._heard.pop(0)

    def hear(self, line: bytes) -> None:
        """Put a line on its stdin from outside."""
        with self.news:
            self._heard.append(line)
            self.news.notify_all()

    def send(self, name: str) -> None:
        """Deliver a signal from outside."""
        with self.news:
            self._signals.append(name)
            self.news.notify_all()

    def kill(self) -> None:
        """End it from outside."""
        with self.news:
            self.is_killed = True
            self.news.notify_all()

    def _check_alive(self) -> None:
        if self.is_killed:
            raise EndedError

    def _mount(self, volume: str) -> VolumeMount:
        return next(m for m in self.spec.mounts if isinstance(m, VolumeMount) and m.name == volume)

    def _write(self, buffer: bytearray, data: bytes) -> None:
        with self.news:
            room = self.spec.limits.log_bytes - len(buffer)
            # The stdout of a served container is a conversation, which its reader bounds.
            keeps_all = buffer is self.stdout and self.is_served
            buffer += data if keeps_all else data[: max(0, room)]
            self.is_truncated |= len(data) > room and not keeps_all
            self._total += len(data)
            self.news.notify_all()
        if self._total > self.spec.limits.flood_bytes and not self.is_served:
            raise EndedError(is_flooding=True)
