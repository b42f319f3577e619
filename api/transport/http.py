"""GraphQL over HTTP: POST with JSON, answered at once or, where SSE is asked for, as it comes."""

import asyncio
from contextlib import ExitStack, suppress
from functools import lru_cache
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from api.core.i18n import locale_of
from api.limits import MOST_BODY_BYTES, exceeded
from api.transport.answers import code_of, failure
from api.transport.asked import Asked, Caller, Malformed, bearer, read_asked
from api.transport.engine import Engine
from api.transport.events import EVENT_STREAM, EventStream
from api.transport.seats import Seats

#: Status by the first error's code, where it is not for the body alone to tell.
STATUS = {"UNAVAILABLE": 503}
STREAM_STATUS = {"UNAVAILABLE": 503, "SIGN_IN_REQUIRED": 401, "LIMIT_EXCEEDED": 429}
RETRY_SECONDS = b"2"
LINGER_SECONDS = 1.0
JSON = "application/json"


class TooLarge(Exception):
    pass


class Gone(Exception):
    """The client went away before its request was whole."""


class HttpEndpoint:
    """Nothing but a POST with JSON is taken, which no form and no link on a foreign page can send; and the only
    credential is the bearer token, which no browser adds by itself."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._seats = Seats()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        caller = caller_of(scope, headers)
        try:
            if refusal := _refusal(scope["method"], headers):
                await answer(send, refusal[0], _problem(refusal[1], refusal[2]), unread=receive)
                return
            asked = read_asked(await _body(receive, headers.get("content-length", "")))
        except Malformed as error:
            await answer(send, 400, _problem("BAD_REQUEST", str(error)))
        except TooLarge:
            too_large = failure(exceeded("bytes", MOST_BODY_BYTES), self._engine.runtime, caller.locale)
            await answer(send, 413, too_large, unread=receive)
        except Gone:
            return
        else:
            if EVENT_STREAM in headers.get("accept", ""):
                await self._stream(asked, caller, scope, receive, send)
                return
            found = await self._engine.execute(asked, caller)
            await answer(send, STATUS.get(code_of(found), 200), found)

    async def _stream(self, asked: Asked, caller: Caller, scope: Scope, receive: Receive, send: Send) -> None:
        with ExitStack() as seat:
            try:
                context = await self._engine.context(caller)
                seat.enter_context(self._seats.taken(context.actor_or_none))
            except Exception as error:
                told = failure(error, self._engine.runtime, caller.locale)
                await answer(send, STREAM_STATUS.get(code_of(told), 500), told)
                return
            await EventStream(self._engine.answers(asked, context))(scope, receive, send)


def caller_of(scope: Scope, headers: Headers) -> Caller:
    client = scope.get("client")
    return Caller(
        bearer(headers.get("authorization")),
        _locale(headers.get("accept-language", "")[:100]),
        client[0] if client else "",
        headers.get("user-agent", "")[:512],
    )


async def answer(send: Send, status: int, content: dict[str, Any], *, unread: Receive | None = None) -> None:
    """`unread` is where the rest of a refused request would come from. It is let come for a moment, as a client
    that is cut off while it sends does not get to read the answer."""
    body = orjson.dumps(content)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if status in (429, 503):
        headers.append((b"retry-after", RETRY_SECONDS))
    if status == 405:
        headers.append((b"allow", b"POST"))
    if unread is not None:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": unread is not None})
    if unread is not None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while (await unread()).get("more_body"):
                    pass
        await send({"type": "http.response.body"})


def _refusal(method: str, headers: Headers) -> tuple[int, str, str] | None:
    if method != "POST":
        return 405, "METHOD_NOT_ALLOWED", "GraphQL is asked by POST."
    if headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        return 415, "UNSUPPORTED_MEDIA_TYPE", f"The body must be {JSON}."
    return None


def _problem(code: str, message: str) -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": {"code": code}}]}


async def _body(receive: Receive, declared: str) -> bytes:
    """The whole body; TooLarge as soon as that is known, by what is declared or by what has come."""
    if declared.isdecimal() and int(declared[:12]) > MOST_BODY_BYTES:
        raise TooLarge
    parts: list[bytes] = []
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > MOST_BODY_BYTES:
            raise TooLarge
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


@lru_cache(maxsize=256)
def _locale(accept_language: str) -> str:
    return locale_of(accept_language)
