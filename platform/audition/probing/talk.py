"""The prober's side of the conversation with its runner, over stdin and stdout."""

import asyncio
import os
import sys

from audition import codec
from audition.domain.errors import InvalidError
from audition.domain.probe_plan import Answer, Ask, AskVerb, Line, Start

MOST_LINE_BYTES = 4 << 20
#: The runner waits for the end of a service for its grace, which is two minutes at most, and then some.
_PATIENCE_SECONDS = 180.0


class Talk:
    """Asks one question at a time and waits for its answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Say nothing yet."""
        self._reader = reader
        self._writer = writer
        self._number = 0
        self._turn = asyncio.Lock()

    async def say(self, line: Line) -> None:
        """Print one document."""
        self._writer.write(codec.to_json(line) + b"\n")
        await self._writer.drain()

    async def ask(self, verb: AskVerb, start: Start | None = None) -> Answer:
        """Ask the runner; without an answer in time, or with one that cannot be read, there is only `trouble`."""
        async with self._turn:
            self._number += 1
            await self.say(Line(ask=Ask(number=self._number, verb=verb, start=start)))
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    while True:
                        text = await self._reader.readline()
                        answer = codec.from_json(
                            Answer, text, what="the runner's answer", max_bytes=MOST_LINE_BYTES
                        )
                        if answer.number == self._number:
                            return answer
            except (TimeoutError, InvalidError, ValueError) as error:
                return Answer(number=self._number, trouble=str(error) or "The runner did not answer in time.")


async def open_pipes() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Take stdin and stdout for documents; whatever anyone prints goes to stderr."""
    loop = asyncio.get_running_loop()
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    reader = asyncio.StreamReader(limit=MOST_LINE_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, channel)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)
