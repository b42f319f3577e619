"""Answers as server-sent events, in the distinct connections mode of the graphql-sse protocol."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from sse_starlette import EventSourceResponse

from api.transport.reader import Payload

EVENT_STREAM = "text/event-stream"
BEAT_SECONDS = 15
#: A client that takes nothing for so long is let go.
SEND_SECONDS = 30


class EventStream(EventSourceResponse):
    def __init__(self, answers: AsyncGenerator[Payload, None]) -> None:
        super().__init__(_encoded(answers), ping=BEAT_SECONDS, send_timeout=SEND_SECONDS, sep="\n")


async def _encoded(answers: AsyncGenerator[Payload, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(answers):
        async for payload in answers:
            yield b"event: next\ndata: " + payload.data + b"\n\n"
    yield b"event: complete\ndata:\n\n"
