"""Keep what a build prints: its beginning and its end, with nothing in it that a terminal or a page would obey."""

import re
from collections import deque

#: The engine colours what a step writes to stderr.
_COLOUR = re.compile(r"\x1b\[[0-9;]{0,20}m")
_KEPT_AT_START = 4
#: What the builder says before each instruction, in an event of its own. Source: moby, builder/dockerfile.
_STEP = re.compile(r"Step (\d{1,4})/(\d{1,4}) : ")


class BuildLog:
    """At most `cap` bytes of text; a quarter from the start, the rest from the end, which names what failed."""

    def __init__(self, cap: int) -> None:
        """Nothing was printed."""
        self._head_room = cap // _KEPT_AT_START
        self._tail_room = cap - self._head_room
        self._head: list[str] = []
        self._tail: deque[str] = deque()
        self._tail_size = 0
        self.total = 0
        self.is_truncated = False

    def add(self, text: str) -> None:
        """Take a piece of the stream."""
        self.total += len(text)
        piece = plain(text)
        if self._head_room > 0:
            self._head.append(piece[: self._head_room])
            piece, room = piece[self._head_room :], self._head_room
            self._head_room -= min(room, len(self._head[-1]))
        if piece:
            self._tail.append(piece)
            self._tail_size += len(piece)
        while self._tail_size > self._tail_room:
            over = self._tail_size - self._tail_room
            self.is_truncated = True
            first = self._tail.popleft()
            self._tail_size -= min(over, len(first))
            if len(first) > over:
                self._tail.appendleft(first[over:])

    def text(self) -> str:
        """What is kept."""
        gap = "\n[... left out ...]\n" if self.is_truncated else ""
        return "".join(self._head) + gap + "".join(self._tail)


def plain(text: str) -> str:
    """Text with every control, direction and surrogate character written out."""
    lines = _COLOUR.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in lines)


class StepCount:
    """Which instruction a build is at, by what the builder says before each.

    A step can print the same words. What it gains is a wrong line in a message to itself: no cause and no score
    depends on the number, and only the next one is believed.
    """

    def __init__(self) -> None:
        """Nothing was begun."""
        self.number = 0

    def add(self, text: str) -> None:
        """Take an event's text."""
        match = _STEP.match(text)
        if match and int(match[1]) == self.number + 1 <= int(match[2]):
            self.number += 1
