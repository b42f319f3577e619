"""A small office in a test's own database, with people who enrol and check in through the services."""

import base64
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from api.attendance.models import CheckIn, CheckInKind
from api.attendance.service.accept import Submission, accept
from api.attendance.service.start import start_check_in
from api.biometrics import service as biometrics
from api.biometrics.consent import VERSION
from api.biometrics.models import Enrolment, FaceTemplate, Purpose
from api.biometrics.settle import belongs_to
from api.core.context import Actor, Context
from api.core.identity import new_id
from api.core.runtime import Runtime, open_runtime
from api.core.settings import Settings, load
from api.people.models import Agency, Employee, Unit
from api.sites.models import DutyAssignment, DutyLocation
from api.sites.rules import Fix

PACK = Path(__file__).resolve().parents[3] / ".data" / "packs" / "hadir-default"
LATITUDE, LONGITUDE = -6.1754, 106.8272


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
            await self.runtime.storage.put(target.key, photo)
        return await biometrics.enrol_face(self.context, [target.key for target in targets])

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

    async def submission(self, *frames: bytes, latitude: float | None = None) -> Submission:
        started = await start_check_in(self.context, CheckInKind.IN, len(frames))
        for target, frame in zip(started.uploads, frames, strict=True):
            await self.runtime.storage.put(target.key, frame)
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
    hired: int = 0

    async def hire(self) -> Person:
        self.hired += 1
        employee = await Employee.create(
            agency=self.agency,
            unit=self.unit,
            nip=f"1990010120200110{self.hired:02d}"
            if self.hired < 100
            else f"19900101202001{self.hired:04d}",
            name=f"Pegawai {self.hired}",
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


async def found_office(runtime: Runtime) -> Office:
    agency = await Agency.create(name="Dinas Uji", short_name=secrets.token_hex(6))
    unit = await Unit.create(agency=agency, code="31", name="Kantor", path="/31/", time_zone="Asia/Jakarta")
    location = await DutyLocation.create(
        agency=agency, unit=unit, name="Kantor", latitude=LATITUDE, longitude=LONGITUDE, radius_metres=150
    )
    return Office(runtime, agency, unit, location)


@asynccontextmanager
async def open_office(settings: Settings) -> AsyncIterator[Office]:
    """Within one event loop: the runtime, and an office in it."""
    async with open_runtime(settings) as runtime:
        yield await found_office(runtime)


def reasons_of(rows: Sequence[dict[str, object]]) -> list[str]:
    return [str(row["code"]) for row in rows]


__all__ = ["PACK", "Office", "Person", "found_office", "open_office", "reasons_of", "replace", "settings_for"]
