"""Checking in as the product has it done: start, photographs where they belong, submit, settle."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from api.attendance.models import CheckIn
from api.attendance.rules import Past
from api.attendance.service import settle
from api.attendance.service.accept import JOB
from api.attendance.service.case import FaceFindings
from api.attendance.service.start import STARTS_PER_PERSON
from api.biometrics.rules import FrameFacts
from api.core import outbox
from api.core.runtime import Runtime
from api.sites.models import DutyLocation
from tests.api.conftest import Answer, Ask
from tests.world import Person, World, jpeg
from worker.faces import Eyes
from worker.jobs import settle_again, watch_site
from worker.jobs.kind import Tools

START = (
    "mutation($input: StartCheckInInput!) { startCheckIn(input: $input) {"
    " ... on CheckInStart { nonce uploads { key } } ... on Problem { code } } }"
)
#: As many fields as one request may ask for: whole records are compared.
SUBMIT = (
    "mutation($input: CheckInInput!) { checkIn(input: $input) { __typename ... on CheckInAccepted { repeated checkIn {"
    " id kind state day receivedAt settledAt receipt contestedAt contestReason supersededBy canContest canChallenge"
    " canReview method employee { id nip name position unit { id name today } supervisor { id } } unit { id }"
    " reasons { code level message nextStep } location { id name kind latitude longitude } review { decision reason }"
    " evidence { face { similarity liveness } position { result fixes { latitude longitude time } } frames { url }"
    " moves { asked { kind seen } } } } } ... on Problem { code message nextStep } ... on InvalidInput { field } } }"
)
#: What a clear photograph of the right person gives.
CLEAR = FrameFacts(
    faces=1, face_px=180.0, room=1.0, sharpness=100.0, brightness=120.0, detection=0.9,
    yaw=0.0, pitch=-15.0, roll=0.0, liveness=0.98, similarities=(0.8,),
)  # fmt: skip
NOT_SENT_BEFORE = Past(complete=True)
OUTSIDE_DEGREES = 0.01  #: about a kilometre

Input = dict[str, Any]


@dataclass
class Desk:
    """Where people check in."""

    runtime: Runtime
    world: World
    ask: Ask
    submit: str = SUBMIT

    async def start(self, person: Person | str, at: datetime, *, frames: int = 1, kind: str = "IN") -> Input:
        """A submission that will be accepted, its photographs in place."""
        if isinstance(person, Person):
            await self.runtime.attempts.forgive(STARTS_PER_PERSON, "start", str(person.employee_id))
        answer = await self.ask(person, START, at=at, input={"kind": kind, "frames": frames})
        started = answer["startCheckIn"]
        keys = [upload["key"] for upload in started["uploads"]]
        for number, key in enumerate(keys):
            await self.runtime.storage.put(key, jpeg(f"{number} of {secrets.token_hex(8)}"))
        return {
            "nonce": started["nonce"],
            "frames": keys,
            "fixes": [await self.fix(person, at)] if isinstance(person, Person) else [],
            "idempotencyKey": secrets.token_hex(16),
            "deviceId": secrets.token_hex(8),
        }

    async def fix(self, person: Person, at: datetime, *, away: float = 0.0, **changes: Any) -> Input:
        """Inside the person's office, or `away` degrees north of it; never twice the same spot."""
        office = await DutyLocation.get(id=self.world.locations[person.unit])
        jitter = secrets.randbelow(1_000) * 1e-7
        return {
            "latitude": office.latitude + away + jitter,
            "longitude": office.longitude,
            "accuracyMetres": 12.0 + jitter,
            "time": at.isoformat(),
            **changes,
        }

    async def send(self, person: Person | str, sent: Input, at: datetime) -> Answer:
        return await self.ask(person, self.submit, at=at, input=sent)

    async def outcome(self, person: Person | str, sent: Input, at: datetime) -> str:
        """The member of the union that answered, or the code of the error."""
        answer = await self.send(person, sent, at)
        return str(answer.codes[0] if answer.errors else answer.data["checkIn"]["__typename"])

    async def settled(self, check_in_id: UUID | str, at: datetime, face: FrameFacts = CLEAR) -> CheckIn:
        """Judged as the worker does it, with what vision would have found."""
        claims = await outbox.claim(JOB, most=1_000, lease_seconds=30)
        [claim] = [claim for claim in claims if str(claim.subject_id) == str(check_in_id)]
        judged = await self.judged(claim, at, face)
        await outbox.give_back([other for other in claims if other is not claim], delay_seconds=0)
        return judged

    async def judged(self, claim: outbox.Claim, at: datetime, face: FrameFacts = CLEAR) -> CheckIn:
        case = await settle.open_case(claim.subject_id)
        assert case is not None
        found = FaceFindings(
            True, [face], model_id="test-model", liveness_model_id="test-live", past=NOT_SENT_BEFORE
        )
        judged = await settle.settle(self.runtime, claim, case, found, at)
        assert judged is not None
        return judged

    async def followed_up(self, at: datetime) -> None:
        """What verdicts mean for others, by the worker's own jobs, until nothing of it is due."""
        tools = Tools(self.runtime, Eyes(None, ThreadPoolExecutor(1), 0), lambda: at)
        for kind in (watch_site.KIND, settle_again.KIND):
            for claim in await outbox.claim(kind.job, most=1_000, lease_seconds=30):
                assert await kind.handle(tools, claim), "it strikes out its entry in its own transaction"

    async def made(self, sent: Input) -> list[CheckIn]:
        return await CheckIn.filter(idempotency_key=sent["idempotencyKey"])


@pytest.fixture
def desk(runtime: Runtime, world: World, ask: Ask) -> Desk:
    return Desk(runtime, world, ask)


def accepted(answer: Answer) -> dict[str, Any]:
    taken = answer["checkIn"]
    assert taken["__typename"] == "CheckInAccepted", taken
    return dict(taken)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)
