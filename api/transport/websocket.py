"""GraphQL over WebSocket by the graphql-transport-ws protocol (enisdenjo/graphql-ws, PROTOCOL.md).

A thin handler of our own: an answer that many readers share is encoded once, and each connection only puts the
operation's id in front. A connection has no task but the one that reads it, and one more while it sends.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import orjson
from graphql import GraphQLError
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send
from strawberry.http.websocket_origin import is_same_origin, normalize_origin

from api.core.context import Context
from api.failures import is_away
from api.limits import MOST_BODY_BYTES, exceeded
from api.transport.answers import failure
from api.transport.asked import Caller, Malformed, asked_of, bearer
from api.transport.eager import begin
from api.transport.engine import Engine
from api.transport.http import caller_of
from api.transport.reader import Payload, Watch
from api.transport.seats import Seats

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 10.0
MOST_OPERATIONS = 16
LONGEST_ID = 64
#: Messages that wait for a slow client; past that his operations are told to read everything later.
MOST_WAITING = 32

# Close codes: RFC 6455, section 7.4.1, and the protocol's own.
TOO_BIG, TRY_AGAIN = 1009, 1013
INVALID, UNAUTHORIZED, FORBIDDEN, NOT_ACCEPTABLE = 4400, 4401, 4403, 4406
INIT_TIMEOUT, OPERATION_EXISTS, TOO_MANY = 4408, 4409, 4429


class Close(Exception):
    """The connection is to be closed, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Gone(Exception):
    """The client has closed the connection."""


class WebSocketEndpoint:
    """Pages of other origins are refused before the handshake is done; a page of ours carries no credential by
    itself either, as only the bearer token counts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._seats = Seats()
        self._own_origin = normalize_origin(engine.runtime.settings.base_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        headers = Headers(scope=scope)
        if not self._from_our_pages(headers):
            await send({"type": "websocket.close", "code": 1008})  # before accepting: HTTP 403
            return
        offered = PROTOCOL in scope["subprotocols"]
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL if offered else None})
        connection = Connection(self._engine, caller_of(scope, headers), receive, send)
        try:
            if not offered:
                raise Close(NOT_ACCEPTABLE, f"Offer the subprotocol {PROTOCOL}.")
            await connection.serve(self._seats)
        except Gone:
            connection.end()
        except Close as close:
            connection.end()
            await send({"type": "websocket.close", "code": close.code, "reason": str(close)})
        except BaseException:
            connection.end()
            raise

    def _from_our_pages(self, headers: Headers) -> bool:
        """Programs send no Origin; browsers always do."""
        origin = headers.get("origin")
        if origin is None or is_same_origin(origin, headers.get("host")):
            return True
        return normalize_origin(origin) == self._own_origin


class Connection:
    __slots__ = ("_caller", "_engine", "_operations", "_receive", "_send", "_sending", "_waiting")

    def __init__(self, engine: Engine, caller: Caller, receive: Receive, send: Send) -> None:
        self._engine = engine
        self._caller = caller
        self._receive = receive
        self._send = send
        self._operations: dict[str, Operation] = {}
        self._waiting: deque[str] = deque()
        self._sending: asyncio.Task[None] | None = None

    async def serve(self, seats: Seats) -> None:
        """Until Close or Gone is raised."""
        try:
            async with asyncio.timeout(INIT_SECONDS):
                await self._initialised()
        except TimeoutError:
            raise Close(INIT_TIMEOUT, "Connection initialisation timeout") from None
        context = await self._context()
        try:
            with seats.taken(context.actor_or_none):
                self.push('{"type":"connection_ack"}')
                while True:
                    await self._handle(await self._message())
        except GraphQLError:
            raise Close(TOO_MANY, "Too many connections") from None

    def push(self, frame: str, *, whatever_waits: bool = False) -> bool:
        """Send now where the client keeps up, else when it has taken what was sent before. False, and not
        sent at all, when too much waits already."""
        if self._sending is not None:
            if len(self._waiting) >= MOST_WAITING and not whatever_waits:
                return False
            self._waiting.append(frame)
            return True
        try:
            rest = begin(self._send({"type": "websocket.send", "text": frame}))
        except OSError:  # the client is gone, as whoever reads will find
            return True
        if rest is not None:
            self._sending = asyncio.create_task(self._send_waiting(rest))
        return True

    def forget(self, operation_id: str) -> None:
        self._operations.pop(operation_id, None)

    def end(self) -> None:
        for operation in self._operations.values():
            operation.close()
        self._operations.clear()
        if self._sending is not None:
            self._sending.cancel()

    async def _send_waiting(self, sending: Awaitable[None]) -> None:
        try:
            await sending
            while self._waiting:
                await self._send({"type": "websocket.send", "text": self._waiting.popleft()})
        except OSError:
            self._waiting.clear()
            return
        finally:
            self._sending = None
        for operation in list(self._operations.values()):
            operation.caught_up()

    async def _message(self) -> dict[str, Any]:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            raise Gone
        text = message.get("text")
        if text is None:
            raise Close(INVALID, "Messages must be text")
        if len(text) > MOST_BODY_BYTES:
            raise Close(TOO_BIG, f"At most {MOST_BODY_BYTES} bytes a message")
        try:
            data = orjson.loads(text)
        except orjson.JSONDecodeError:
            data = None
        if not isinstance(data, dict):
            raise Close(INVALID, "Messages must be JSON objects")
        return data

    async def _initialised(self) -> None:
        """Reads up to the first message that counts; its payload may carry the bearer token."""
        while (message := await self._message()).get("type") in ("ping", "pong"):
            self._answer_ping(message)
        if message.get("type") == "subscribe":
            raise Close(UNAUTHORIZED, "Unauthorized")
        if message.get("type") != "connection_init":
            raise Close(INVALID, "connection_init is expected first")
        payload = message.get("payload") or {}
        if not isinstance(payload, dict):
            raise Close(INVALID, "Invalid connection init payload")
        token = bearer(payload.get("authorization"))
        if token is not None:
            self._caller = replace(self._caller, token=token)

    async def _context(self) -> Context:
        """The reader as he is now."""
        try:
            context = await self._engine.context(self._caller)
        except Exception as error:
            if not is_away(error):
                raise
            raise Close(TRY_AGAIN, "Try again later") from None
        if context.actor_or_none is None:
            raise Close(FORBIDDEN, "Forbidden")
        return context

    async def _handle(self, message: dict[str, Any]) -> None:
        match message.get("type"):
            case "subscribe":
                await self._subscribe(message)
            case "complete":
                operation = self._operations.pop(str(message.get("id")), None)
                if operation is not None:
                    operation.close()
            case "ping" | "pong":
                self._answer_ping(message)
            case "connection_init":
                raise Close(TOO_MANY, "Too many initialisation requests")
            case _:
                raise Close(INVALID, "Unknown message type")

    async def _subscribe(self, message: dict[str, Any]) -> None:
        operation_id = message.get("id")
        if not isinstance(operation_id, str) or not 1 <= len(operation_id) <= LONGEST_ID:
            raise Close(INVALID, f"An id of 1 to {LONGEST_ID} characters is expected")
        try:
            asked = asked_of(message.get("payload"))
        except Malformed as error:
            raise Close(INVALID, str(error)) from None
        if operation_id in self._operations:
            raise Close(OPERATION_EXISTS, f"Subscriber for {operation_id} already exists")
        operation = Operation(self, operation_id)
        if len(self._operations) >= MOST_OPERATIONS:
            too_many = exceeded("operations", MOST_OPERATIONS)
            operation.refused(failure(too_many, self._engine.runtime, self._caller.locale)["errors"])
            return
        context = await self._context()
        self._operations[operation_id] = operation
        operation.watch = await self._engine.watch(asked, context, operation)

    def _answer_ping(self, message: dict[str, Any]) -> None:
        if message.get("type") == "ping":
            self.push('{"type":"pong"}')


class Operation:
    """The reader at the other end of one operation of a connection."""

    __slots__ = ("_behind", "_connection", "_head", "_id", "_next", "watch")

    def __init__(self, connection: Connection, operation_id: str) -> None:
        self._connection = connection
        self._id = operation_id
        self._head = f'{{"id":{orjson.dumps(operation_id).decode()},"type":"'
        self._next = self._head + 'next","payload":'
        self._behind = False
        self.watch: Watch | None = None

    def next(self, payload: Payload) -> bool:
        if self._connection.push(self._next + payload.closing):
            return True
        self._behind = True
        return False

    def refused(self, errors: list[dict[str, Any]]) -> None:
        self._connection.forget(self._id)
        self._push('error","payload":', orjson.dumps(errors).decode() + "}")

    def last(self, payload: Payload | None) -> None:
        self._connection.forget(self._id)
        if payload is not None:
            self._push('next","payload":', payload.closing)
        self._push('complete"}')

    def caught_up(self) -> None:
        if self._behind and self.watch is not None:
            self._behind = False
            self.watch.caught_up()

    def close(self) -> None:
        if self.watch is not None:
            self.watch.close()

    def _push(self, kind: str, payload: str = "") -> None:
        self._connection.push(self._head + kind + payload, whatever_waits=True)
