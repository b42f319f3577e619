"""One evaluation for all readers of a scope: one look at their rights, one reading, one execution, one encoding."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from api.core import live
from api.core.clock import utc_now
from api.core.context import Actor, Context
from api.core.errors import SignInRequired
from api.core.live import Listener
from api.core.runtime import Runtime
from api.failures import is_away
from api.schema import schema
from api.transport.answers import answer_of, failure
from api.transport.reader import Payload, Reader
from api.transport.rights import Credentials, all_hold, path_of
from api.transport.sharing import Question, Scope, told_apart_by

#: Pause before a scope is read again when the database was away.
RETRY_SECONDS = 1.0
#: So many readers are told before others in the process get a turn.
BREATH = 1_000

Names = frozenset[UUID]


@dataclass(slots=True, eq=False)
class Member:
    """One reader, in the group of the rights he holds."""

    reader: Reader
    actor: Actor
    group: "Group | None" = None

    def caught_up(self) -> None:
        if self.group is not None:
            self.group.welcome(self)

    def close(self) -> None:
        if self.group is not None:
            self.group.leave(self)


#: Finds the group of a reader whose rights are not what they were.
Move = Callable[[Member, Question, str], None]


class Group:
    """The readers of one scope."""

    def __init__(self, runtime: Runtime, scope: Scope, question: Question, move: Move) -> None:
        self._runtime = runtime
        self._scope = scope
        self._question = question
        self._move = move
        self._members: set[Member] = set()
        #: Those who are to be told to read everything.
        self._newcomers: set[Member] = set()
        self._listener: Listener | None = None
        #: The members' credentials, until somebody comes or goes.
        self._everyone: Credentials | None = None

    @property
    def size(self) -> int:
        return len(self._members)

    def join(self, member: Member) -> None:
        member.group = self
        self._members.add(member)
        self._everyone = None
        self.welcome(member)

    def welcome(self, member: Member) -> None:
        self._newcomers.add(member)
        self._poke()

    def leave(self, member: Member) -> None:
        member.group = None
        self._members.discard(member)
        self._everyone = None
        self._newcomers.discard(member)
        if not self._members:
            self._poke()

    async def run(self) -> None:
        """Until nobody is left; new readers find the group by its scope for as long."""
        hub, scope = self._runtime.live, self._scope
        try:
            with hub.listening(scope.agency_id, self._question.source.topic, path=scope.path) as listener:
                self._listener = listener
                await hub.connected()
                self._poke()
                async for names in listener.news():
                    if not self._members:
                        return
                    await self._tell_or_retry(names)
        finally:
            hub.shared.pop(scope, None)
            self._dismiss(set(self._members), None)

    async def _tell_or_retry(self, names: Names | None) -> None:
        everyone = set(self._members)
        try:
            await self._tell(names)
        except Exception as error:
            if not is_away(error):
                self._dismiss(everyone, error)
                return
            await asyncio.sleep(RETRY_SECONDS)
            self._newcomers |= everyone & self._members
            self._poke()

    async def _tell(self, names: Names | None) -> None:
        newcomers = set(self._members if names is None else self._newcomers)
        self._newcomers.clear()
        # With neither names nor newcomers nothing has happened for a while: everyone's rights are looked at.
        others = set() if newcomers and not names else self._members - newcomers
        reading = asyncio.create_task(self._read(newcomers, others if names else set(), names))
        try:
            entitled = await self._entitled(newcomers | others)
            if entitled:
                for readers, payload in await reading:
                    await self._deliver(readers & entitled, payload)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _entitled(self, readers: set[Member]) -> set[Member]:
        """Those who hold the scope's rights still. Others are moved to where theirs are, or dismissed."""
        scope, now = self._scope, utc_now()
        credentials = self._credentials(readers)
        if await all_hold(credentials, scope, now):
            return readers
        actors = await live.actors(list(credentials.ids), now)
        path = await path_of(scope.unit_id)
        fresh = {member: actors.get(member.actor.credential_id) for member in readers}
        self._dismiss([member for member, actor in fresh.items() if actor is None], SignInRequired())
        return {member for member, actor in fresh.items() if actor and self._stays(member, actor, path)}

    def _stays(self, member: Member, actor: Actor, path: str | None) -> bool:
        member.actor = actor
        scope = self._scope
        if path == scope.path and told_apart_by(actor.held_on(path)) == scope.permissions:
            return member.group is self
        if member.group is self:
            self.leave(member)
            self._move(member, self._question, scope.locale)
        return False

    def _credentials(self, readers: set[Member]) -> Credentials:
        if readers != self._members:
            return Credentials.of(member.actor.credential_id for member in readers)
        if self._everyone is None:
            self._everyone = Credentials.of(member.actor.credential_id for member in readers)
        return self._everyone

    async def _read(
        self, newcomers: set[Member], others: set[Member], names: Names | None
    ) -> list[tuple[set[Member], Payload]]:
        """What each is to be told, read while their rights are looked at: it is told only if they hold."""
        asked = ((newcomers, None), (others, names))
        return [(who, await self._answer(next(iter(who)).actor, what)) for who, what in asked if who]

    async def _answer(self, reader: Actor, names: Names | None) -> Payload:
        question, locale = self._question, self._scope.locale
        asked = question.asked
        event = await question.source.read(Context(self._runtime, reader, locale), question.unit_id, names)
        nobody = Context(self._runtime, None, locale)
        result = await schema.execute(asked.query, asked.variables, nobody, event, asked.operation_name)
        return Payload(answer_of(result))

    async def _deliver(self, readers: set[Member], payload: Payload) -> None:
        for told, member in enumerate(readers, start=1):
            if member.group is self:
                member.reader.next(payload)
            if told % BREATH == 0:
                await asyncio.sleep(0)

    def _dismiss(self, readers: Iterable[Member], error: Exception | None) -> None:
        payload = Payload(failure(error, self._runtime, self._scope.locale)) if error else None
        for member in readers:
            if member.group is self:
                self.leave(member)
                member.reader.last(payload)

    def _poke(self) -> None:
        if self._listener is not None:
            self._listener.poke()
