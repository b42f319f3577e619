"""What every transport asks: an answer, or answers as they come."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from strawberry.types.execution import PreExecutionError

from api.accounts import service as accounts
from api.core.clock import utc_now
from api.core.context import Context
from api.core.runtime import Runtime
from api.failures import Refused, told
from api.people import access as people
from api.schema import schema
from api.transport.answers import answer_of, failure, formatted
from api.transport.asked import Asked, Caller
from api.transport.fanout import Group, Member
from api.transport.reader import Mailbox, Payload, Reader, Watch
from api.transport.sharing import Question, question_of, scope_of


class Engine:
    """GraphQL for one runtime. Several may stand on it: what is shared is kept by `runtime.live`."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def context(self, caller: Caller) -> Context:
        """A fresh one for each operation, however long the connection has been open."""
        actor = await accounts.authenticate(caller.token, utc_now()) if caller.token else None
        return Context(self.runtime, actor, caller.locale, caller.address, caller.user_agent)

    async def execute(self, asked: Asked, caller: Caller) -> dict[str, Any]:
        """The answer to a query or mutation, ready for JSON. Never raises."""
        try:
            context = await self.context(caller)
            result = await schema.execute(
                asked.query, asked.variables, context, operation_name=asked.operation_name
            )
        except Exception as error:
            return failure(error, self.runtime, caller.locale)
        return answer_of(result)

    async def watch(self, asked: Asked, context: Context, reader: Reader) -> Watch | None:
        """Begin to send a reader the answers of any operation; None when it was refused. Never raises."""
        try:
            question = self._question(asked, context)
            if question is None:
                alone = Alone(asked, context, reader)
                alone.task = self.runtime.live.spawn(alone.run())
                return alone
            member = Member(reader, context.actor)
            await self._admit(member, question, context.locale)
            return member
        except Refused as refused:
            reader.refused(formatted(told(refused.errors, context)))
        except Exception as error:
            reader.refused(failure(error, self.runtime, context.locale)["errors"])
        return None

    async def answers(self, asked: Asked, context: Context) -> AsyncGenerator[Payload, None]:
        """The same for a reader who asks for one after the other."""
        mailbox = Mailbox()
        mailbox.watch = await self.watch(asked, context, mailbox)
        try:
            while (payload := await mailbox.get()) is not None:
                yield payload
        finally:
            if mailbox.watch is not None:
                mailbox.watch.close()

    def _question(self, asked: Asked, context: Context) -> Question | None:
        document = schema.prepare(asked.query, context)
        operation = document.operation(asked.operation_name)
        return question_of(schema._schema, operation, asked) if operation else None

    async def _admit(self, member: Member, question: Question, locale: str) -> None:
        """Into the group of those who ask the same and hold the same; NotFound where he may not watch."""
        actor, shared = member.actor, self.runtime.live.shared
        unit = await people.unit_for(actor, question.unit_id, question.source.permission)
        scope = scope_of(question, actor, unit.path, locale)
        group = shared.get(scope)
        if group is None:
            group = shared[scope] = Group(self.runtime, scope, question, self._move)
            group.join(member)
            self.runtime.live.spawn(group.run())
        else:
            group.join(member)

    def _move(self, member: Member, question: Question, locale: str) -> None:
        async def move() -> None:
            try:
                await self._admit(member, question, locale)
            except Exception as error:
                member.reader.last(Payload(failure(error, self.runtime, locale)))

        self.runtime.live.spawn(move())


class Alone:
    """An operation that is worked out for its reader alone."""

    def __init__(self, asked: Asked, context: Context, reader: Reader) -> None:
        self._asked = asked
        self._context = context
        self._reader = reader
        self._room = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    def caught_up(self) -> None:
        self._room.set()

    def close(self) -> None:
        if self.task is not None:
            self.task.cancel()

    async def run(self) -> None:
        asked, reader = self._asked, self._reader
        results = await schema.stream(
            asked.query, asked.variables, self._context, operation_name=asked.operation_name
        )
        async with aclosing(results):
            async for result in results:
                if isinstance(result, PreExecutionError):
                    reader.refused(answer_of(result)["errors"])
                    return
                payload = Payload(answer_of(result))
                while not reader.next(payload):
                    await self._room.wait()
                    self._room.clear()
        reader.last(None)
