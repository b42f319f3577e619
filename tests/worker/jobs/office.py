"""A small office in a test's own database, with people who enrol and check in through the services."""

import asyncio
import base64
import itertools
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from api import agency_rules
from api.attendance.models import CheckIn, CheckInKind, CheckInNonce
from api.attendance.service.accept import Submission, accept
from api.attendance.service.start import Wish, digest_of, start_check_in
from api.biometrics import service as biometrics
from api.biometrics.consent import VERSION
from api.biometrics.models import Enrolment, FaceTemplate, Purpose, VouchDecision
from api.biometrics.moves import Move
from api.biometrics.sealing import belongs_to, open_template
from api.biometrics.vouch import vouch
from api.core import database, outbox
from api.core.context import Actor, Context, Grant
from api.core.identity import new_id
from api.core.policy import Role
from api.core.runtime import Runtime, open_runtime
from api.core.settings import Settings, load
from api.core.storage import UploadTarget
from api.people.models import Agency, AgencyRule, Employee, Unit
from api.sites.models import DutyAssignment, DutyLocation
from api.sites.rules import Fix
from worker.faces import Eyes
from worker.main import serve
from worker.vision.engine import FaceEngine

PACK = Path(__file__).resolve().parents[3] / ".data" / "packs" / "hadir-default"
LATITUDE, LONGITUDE = -6.1754, 106.8272
_hired = itertools.count(1)
#: A server dies with the thread that started it: this one lives as long as the tests.
servers = ThreadPoolExecutor(1, thread_name_prefix="servers")


def settings_for(database_url: str, redis_url: str, folder: Path, **more: object) -> Settings:
    return load(
        environ={},
        env_file=None,
        database_url=database_url,
        redis_url=redis_url,
        data_dir=folder,
        keys="test:" + base64.b64encode(bytes(32)).decode(),
        **more,
    )


#: Who settles a check-in leaves a line here, whatever code does it.
WATCH = """
CREATE TABLE settlement (check_in_id uuid, state text);
CREATE FUNCTION note_settlement() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO settlement VALUES (NEW.id, NEW.state); RETURN NEW; END $$;
CREATE TRIGGER note_settlement AFTER UPDATE ON check_in FOR EACH ROW
WHEN (OLD.state = 'PENDING' AND NEW.state <> 'PENDING' OR OLD.receipt IS DISTINCT FROM NEW.receipt)
EXECUTE FUNCTION note_settlement()
"""


@dataclass
class Person:
    """An employee, and what he does."""

    runtime: Runtime
    employee: Employee
    actor: Actor

    @property
    def context(self) -> Context:
        return Context(self.runtime, self.actor, "id")

    async def consent(self) -> None:
        await biometrics.give_consent(self.context, Purpose.FACE_RECOGNITION, VERSION)

    async def withdraw(self) -> None:
        await biometrics.withdraw_consent(self.context, Purpose.FACE_RECOGNITION)

    async def enrol(self, *photos: bytes) -> Enrolment:
        """Sends the photographs; the worker has not seen them yet."""
        targets = await biometrics.start_enrolment(self.context, len(photos))
        for target, photo in zip(targets, photos, strict=True):
            await upload(self.runtime, target, photo)
        return await biometrics.enrol_face(self.context, [target.key for target in targets])

    async def template(self) -> tuple[bytes, str]:
        """The embedding that an enrolment left, opened, and its model."""
        row = await FaceTemplate.get(employee_id=self.employee.id)
        return open_template(self.runtime, row), row.model_id

    async def has_template(self, embedding: bytes, model_id: str) -> FaceTemplate:
        """As if enrolled before, without a worker."""
        await self.consent()
        enrolment = await Enrolment.create(
            agency_id=self.actor.agency_id,
            employee_id=self.employee.id,
            state="ACTIVE",
            created_at=datetime.now(UTC),
            settled_at=datetime.now(UTC),
            model_id=model_id,
        )
        template_id = new_id()
        bound = belongs_to(template_id, self.employee.id)
        return await FaceTemplate.create(
            id=template_id,
            agency_id=self.actor.agency_id,
            employee_id=self.employee.id,
            enrolment=enrolment,
            model_id=model_id,
            sealed=self.runtime.keyring.seal(embedding, belongs_to=bound),
            photo_key="enrolments/none",
        )

    async def check_in(self, *frames: bytes, latitude: float | None = None) -> CheckIn:
        """Accepted and pending; the worker has not seen it yet."""
        record, repeated = await accept(self.context, await self.submission(*frames, latitude=latitude))
        assert not repeated
        return record

    async def moves(
        self, *moves: Move, frames: Sequence[bytes], at: Sequence[float] | None = None
    ) -> CheckIn:
        """As `check_in`, where just these moves were asked for; `at` are seconds since then, by the device."""
        sent = await self.submission(*frames)
        nonce = CheckInNonce.filter(digest=digest_of(sent.nonce))
        await nonce.update(moves=[move.value for move in moves])
        now = datetime.now(UTC)
        await nonce.update(issued_at=now - timedelta(seconds=10))
        times = at or [1 + number / 2 for number in range(len(frames))]
        sent = replace(sent, captured=[now + timedelta(seconds=second - 10) for second in times])
        record, repeated = await accept(self.context, sent)
        assert not repeated
        return record

    async def submission(self, *frames: bytes, latitude: float | None = None) -> Submission:
        started = await start_check_in(self.context, Wish(CheckInKind.IN, len(frames)))
        for target, frame in zip(started.uploads, frames, strict=True):
            await upload(self.runtime, target, frame)
        # Nobody stands twice on the same spot to the last bit.
        fix = Fix(
            latitude=LATITUDE + secrets.randbelow(10_000) * 1e-9 if latitude is None else latitude,
            longitude=LONGITUDE + secrets.randbelow(10_000) * 1e-9,
            accuracy=12.0 + secrets.randbelow(100) / 100,
            time=datetime.now(UTC) - timedelta(seconds=1),
        )
        return Submission(
            nonce=started.nonce,
            frames=[target.key for target in started.uploads],
            fixes=[fix],
            idempotency_key=uuid4().hex,
            device_id=self.employee.id.hex,
            device_kind="PHONE",
            device_time=None,
        )


@dataclass
class Office:
    runtime: Runtime
    agency: Agency
    unit: Unit
    location: DutyLocation

    async def hire(self) -> Person:
        number = next(_hired)
        employee = await Employee.create(
            agency=self.agency,
            unit=self.unit,
            nip=f"199001012020{number:06d}",
            name=f"Pegawai {number}",
        )
        await DutyAssignment.create(
            agency=self.agency,
            employee=employee,
            location=self.location,
            valid_from=datetime.now(UTC).date() - timedelta(days=7),
        )
        actor = Actor(
            account_id=uuid4(),
            employee_id=employee.id,
            agency_id=self.agency.id,
            unit_id=self.unit.id,
            unit_path=self.unit.path,
            time_zone=self.unit.time_zone,
            grants=(),
            credential_id=uuid4(),
            expires_at=None,
        )
        return Person(self.runtime, employee, actor)


async def vouched(
    office: Office, enrolment: Enrolment, decision: VouchDecision, role: Role = Role.SUPERVISOR
) -> Enrolment:
    """By a superior with this role on the office."""
    grants = (Grant(role, office.unit.path),)
    superior = replace((await office.hire()).actor, grants=grants)
    return await vouch(
        Context(office.runtime, superior, "id"), enrolment.id, decision, "held against the file"
    )


async def found_office(runtime: Runtime) -> Office:
    agency = await Agency.create(name="Dinas Uji", short_name=secrets.token_hex(6))
    unit = await Unit.create(agency=agency, code="31", name="Kantor", path="/31/", time_zone="Asia/Jakarta")
    # The test portraits' faces are about 160 pixels wide, and the detector's boxes vary by a tenth around that.
    await agency_rules.write(agency, "face", {"min_face_px": 120}, date(2020, 1, 1))
    await choose_challenge(agency, mode="PASSIVE")
    # Whose face it is, a person says only where a test is about that.
    await agency_rules.write(agency, "vouching", {"first": False}, date(2020, 1, 1))
    location = await DutyLocation.create(
        agency=agency, unit=unit, name="Kantor", latitude=LATITUDE, longitude=LONGITUDE, radius_metres=150
    )
    return Office(runtime, agency, unit, location)


async def choose_challenge(agency: Agency, **policy: object) -> None:
    """In place of what the agency had chosen before."""
    await AgencyRule.filter(agency=agency, topic="challenge").delete()
    await agency_rules.write(agency, "challenge", policy, date(2020, 1, 1))


@asynccontextmanager
async def open_office(settings: Settings) -> AsyncIterator[Office]:
    """Within one event loop: the runtime, and an office in it."""
    async with open_runtime(settings) as runtime:
        yield await found_office(runtime)


async def upload(runtime: Runtime, target: UploadTarget, photo: bytes) -> None:
    """As the phone does it: straight to the bucket, where there is one."""
    if runtime.storage.upload_origin is None:
        await runtime.storage.put(target.key, photo)
        return
    async with httpx2.AsyncClient() as phone:
        reply = await phone.request(target.method, target.url, content=photo, headers=target.headers)
        assert reply.status_code == 200


async def settlements(check_in: CheckIn) -> int:
    found = await database.rows("SELECT count(*) AS n FROM settlement WHERE check_in_id = $1", check_in.id)
    return int(found[0]["n"])


async def watch_settlements() -> None:
    await database.connection().execute_script(WATCH)


async def elsewhere(change: Callable[[], object]) -> None:
    """Kill or start a server while the event loop goes on."""
    await asyncio.get_running_loop().run_in_executor(servers, change)


def codes(rows: Sequence[dict[str, object]]) -> list[str]:
    return [str(row["code"]) for row in rows]


def eyes_of(engine: FaceEngine | None) -> Eyes:
    """The engine is loaded once for all tests; a process has its own thread for it."""
    return Eyes(engine, ThreadPoolExecutor(1), 2_000_000)


@asynccontextmanager
async def working(runtime: Runtime, engine: FaceEngine | None, **more: Any) -> AsyncIterator[None]:
    """A whole worker beside the test, with relay and arq."""
    stopping = asyncio.Event()
    task = asyncio.create_task(serve(runtime, eyes_of(engine), stopping, **more))
    try:
        yield
    finally:
        stopping.set()
        await task


async def nothing_outstanding(seconds: float = 20.0) -> None:
    """Waits until the outbox is empty."""
    async with asyncio.timeout(seconds):
        while await outbox.outstanding():  # noqa: ASYNC110 - there is nothing to wait on but the rows
            await asyncio.sleep(0.01)


async def worked_off(office: Office, engine: FaceEngine | None) -> None:
    async with working(office.runtime, engine):
        await nothing_outstanding()
