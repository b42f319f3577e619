"""Check-ins over HTTP, from several phones at once, each as the page sends them: asked again until answered."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from api.accounts.models import Account
from api.accounts.service import token_for
from api.core.clock import utc_now
from tests.kill.history import History
from tests.worker.jobs.office import LATITUDE, LONGITUDE, Office, Person

#: Between two check-ins of one phone, in seconds.
PAUSE_SECONDS = 0.4
#: Before the same is asked again: the page waits for 1, 2, 4 … seconds, which would only thin the load.
AGAIN_SECONDS = 0.1
#: Of the submissions that got no answer, how many are never sent again: the phone is put away.
GIVEN_UP = 0.1
#: Of those answered, how many are sent once more: the answer did not reach the page.
SENT_AGAIN = 0.1

START = """
mutation Start($input: StartCheckInInput!) {
  startCheckIn(input: $input) {
    __typename
    ... on CheckInStart { nonce serverTime uploads { key url method headers { name value } } }
    ... on Problem { code }
  }
}
"""
SUBMIT = """
mutation Submit($input: CheckInInput!) {
  checkIn(input: $input) {
    __typename
    ... on CheckInAccepted { repeated checkIn { id } }
    ... on Problem { code }
  }
}
"""

Ask = Callable[[str], Awaitable[httpx.Response]]


class Unreached(Exception):
    """No answer, or one that says "later"."""


@dataclass(frozen=True)
class User:
    token: str
    device: str


@dataclass
class Phone:
    """`webs` are the addresses behind the balancer."""

    history: History
    webs: Sequence[str]
    client: httpx.AsyncClient
    chance: random.Random

    async def check_in(self, user: User, picture: bytes) -> None:
        start = await self._persist(
            lambda web: self._graphql(web, user, START, {"kind": self._kind(), "frames": 1})
        )
        # Who was refused five times in a row is asked to wait: a start that was not given, and nothing lost.
        if start["__typename"] in ("TooManyAttempts", "AskTheDesk"):
            self.history.unanswered[start["__typename"]] += 1
            return
        if start["__typename"] != "CheckInStart":
            self._surprised("a start", start)
            return
        await self._persist(lambda web: self._upload(web, start["uploads"][0], picture))
        await self._submit(user, self._submission(user, start))

    async def _submit(self, user: User, sent: dict[str, Any]) -> None:
        key = sent["idempotencyKey"]
        self.history.invoked[key] = sent["frames"]
        again = True
        while again:
            try:
                answer = await self._graphql(self._web(), user, SUBMIT, sent)
            except Unreached:
                if self.chance.random() < GIVEN_UP:
                    return
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            again = self._told(key, answer) and self.chance.random() < SENT_AGAIN

    def _told(self, key: str, answer: dict[str, Any]) -> bool:
        """Whether it was accepted."""
        if answer["__typename"] == "CheckInAccepted":
            if key in self.history.acknowledged and not answer["repeated"]:
                self._surprised("a repetition", answer)
            self.history.acknowledge(key, UUID(answer["checkIn"]["id"]))
            return True
        self._surprised("a submission", answer)
        self.history.refused[key] = answer["code"]
        return False

    def _submission(self, user: User, start: dict[str, Any]) -> dict[str, Any]:
        """Nobody stands twice on the same spot to the last bit."""
        fix = {
            "latitude": LATITUDE + self.chance.random() * 1e-5,
            "longitude": LONGITUDE + self.chance.random() * 1e-5,
            "accuracyMetres": 12 + self.chance.random(),
            "time": start["serverTime"],
        }
        return {
            "nonce": start["nonce"],
            "frames": [target["key"] for target in start["uploads"]],
            "fixes": [fix],
            "idempotencyKey": secrets.token_hex(16),
            "deviceId": user.device,
        }

    def _kind(self) -> str:
        return self.chance.choice(("IN", "OUT"))

    def _web(self) -> str:
        return self.chance.choice(self.webs)

    async def _persist(self, ask: Callable[[str], Awaitable[Any]]) -> Any:
        while True:
            try:
                return await ask(self._web())
            except Unreached:
                await asyncio.sleep(AGAIN_SECONDS)

    async def _graphql(self, web: str, user: User, query: str, given: dict[str, Any]) -> dict[str, Any]:
        answer = await self._answered(
            "POST",
            f"{web}/graphql",
            json={"query": query, "variables": {"input": given}},
            headers={"Authorization": f"Bearer {user.token}"},
        )
        body = answer.json()
        if answer.status_code != 200 or "errors" in body:
            self._surprised("GraphQL", answer.text)
            raise Unreached
        return next(iter(body["data"].values()))

    async def _upload(self, web: str, target: dict[str, Any], picture: bytes) -> None:
        parts = urlsplit(target["url"])
        headers = {header["name"]: header["value"] for header in target["headers"]}
        answer = await self._answered(
            target["method"], f"{web}{parts.path}?{parts.query}", content=picture, headers=headers
        )
        if answer.status_code != 204:
            self._surprised("an upload", f"{answer.status_code} {answer.text}")

    async def _answered(self, method: str, url: str, **request: Any) -> httpx.Response:
        try:
            answer = await self.client.request(method, url, **request)
        except httpx.TransportError as error:
            self.history.unanswered[type(error).__name__] += 1
            raise Unreached from None
        if answer.status_code in (429, 503):
            self.history.unanswered[str(answer.status_code)] += 1
            raise Unreached
        return answer

    def _surprised(self, what: str, answer: object) -> None:
        self.history.surprises.append(f"{what} got {answer}")


@asynccontextmanager
async def load(
    history: History, webs: Sequence[str], users: Sequence[User], pictures: Sequence[bytes], phones: int = 6
) -> AsyncIterator[None]:
    """Check-ins all the while. Whoever is in the middle of one when it ends goes on until he is answered."""
    ending = asyncio.Event()

    async def use(client: httpx.AsyncClient, chance: random.Random) -> None:
        phone = Phone(history, webs, client, chance)
        while not ending.is_set():
            await phone.check_in(chance.choice(users), chance.choice(pictures))
            await asyncio.sleep(PAUSE_SECONDS * chance.random() * 2)

    async with httpx.AsyncClient(timeout=10, trust_env=False) as client, asyncio.TaskGroup() as group:
        for seed in range(phones):
            group.create_task(use(client, random.Random(seed)))
        yield
        ending.set()


async def users_of(office: Office, count: int, like: Person | None = None) -> list[User]:
    """Employees with accounts; with the face of `like`, where one is named."""
    people = [await office.hire() for _ in range(count)]
    template, model = await like.template() if like else (bytes(2048), "none")
    return [await _user(person, template, model) for person in people]


async def _user(person: Person, template: bytes, model: str) -> User:
    await person.has_template(template, model)
    employee = person.employee
    await Account.create(agency_id=employee.agency_id, employee=employee, password_hash="none")
    return User(await token_for(employee.nip, "phone", 1, utc_now()), employee.id.hex)
