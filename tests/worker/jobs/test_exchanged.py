"""Where the phone sends straight to the bucket, it can send again: not into what was judged, shown or enrolled."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.attendance.models import CheckIn, CheckInNonce, CheckInState
from api.attendance.service.accept import accept
from api.biometrics.models import Enrolment, EnrolmentState, FaceTemplate
from api.core import database
from api.core.crypto import is_sealed
from api.core.settings import Settings
from tests.pictures import portrait, registered
from tests.s3 import bucket, lying, s3_endpoint, store_settings
from tests.worker.jobs.office import Office, Person, eyes_of, open_office, settings_for, upload, worked_off
from worker.jobs import sweep
from worker.jobs.kind import Tools
from worker.vision.engine import FaceEngine

__all__ = ["bucket", "s3_endpoint"]
SHE, SOMEBODY_ELSE = 5, 6


@pytest.fixture
def settings(
    database_url: str,
    redis_url: str,
    tmp_path: Path,
    bucket: Any,
    s3_endpoint: str,
) -> Settings:
    return settings_for(database_url, redis_url, tmp_path, **store_settings(bucket.name, s3_endpoint))


async def send_again(office: Office, key: str, photo: bytes) -> None:
    """To the address that was given for an upload, which the store takes until it expires."""
    target = await office.runtime.storage.upload_target(key, timedelta(minutes=3))
    await upload(office.runtime, target, photo)


async def enrolled(office: Office, engine: FaceEngine) -> tuple[Person, str]:
    """And the name of the upload."""
    she = await office.hire()
    await she.consent()
    enrolment = await she.enrol(registered(SHE))
    await worked_off(office, engine)
    assert await FaceTemplate.filter(employee_id=she.employee.id).exists()
    return she, str(enrolment.photos[0]["key"]).rpartition(".")[0]


@pytest.mark.parametrize("when", ["before the verdict", "after the verdict"])
def test_what_was_submitted_is_judged_and_shown(
    settings: Settings,
    engine: FaceEngine,
    bucket: Any,
    when: str,
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she, _ = await enrolled(office, engine)
            sent = await she.submission(portrait(SHE))
            record, _ = await accept(she.context, sent)
            if when == "before the verdict":
                await send_again(office, sent.frames[0], portrait(SOMEBODY_ELSE))
            await worked_off(office, engine)
            # What was sent does not lie there unsealed for longer than it takes to read it.
            assert [key for key, _ in await office.runtime.storage.names("frames")] == record.frames
            if when == "after the verdict":
                await send_again(office, sent.frames[0], portrait(SOMEBODY_ELSE))
            record = await CheckIn.get(id=record.id)
            assert record.state is CheckInState.ACCEPTED
            assert is_sealed(lying(bucket, record.frames[0]))
            assert await office.runtime.storage.get(record.frames[0]) == portrait(SHE)

            # And what was sent late goes with the nonce.
            await send_again(office, sent.frames[0], portrait(SOMEBODY_ELSE))
            await CheckInNonce.all().update(expires_at=datetime.now(UTC) - timedelta(days=2))
            await sweep.sweep({"tools": Tools(office.runtime, eyes_of(None))})
            assert [key for key, _ in await office.runtime.storage.names("frames")] == record.frames

    asyncio.run(story())


def test_a_registered_photograph_stays_the_one_that_was_checked(
    settings: Settings, engine: FaceEngine
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she, sent = await enrolled(office, engine)
            await send_again(office, sent, portrait(SOMEBODY_ELSE))
            template = await FaceTemplate.get(employee_id=she.employee.id)
            assert await office.runtime.storage.get(template.photo_key) == registered(SHE)

    asyncio.run(story())


def test_what_is_sent_after_a_withdrawal_does_not_stay(settings: Settings, engine: FaceEngine) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she, sent = await enrolled(office, engine)
            await she.withdraw()
            await worked_off(office, engine)
            assert await office.runtime.storage.names("enrolments") == []
            await send_again(office, sent, portrait(SHE))
            # The purge looks a second time when every address has expired.
            assert await database.rows("UPDATE outbox SET due_at = now() RETURNING id")
            await worked_off(office, engine)
            assert await office.runtime.storage.names("enrolments") == []

    asyncio.run(story())


def test_on_a_folder_neither(database_url: str, redis_url: str, tmp_path: Path, engine: FaceEngine) -> None:
    """There the name stays the same, and an address takes one content only; but also once it has gone."""

    async def story() -> None:
        async with open_office(settings_for(database_url, redis_url, tmp_path)) as office:
            storage = office.runtime.storage
            she = await office.hire()
            await she.consent()
            enrolment = await she.enrol(registered(SHE))
            await worked_off(office, engine)
            key = str(enrolment.photos[0]["key"])
            assert not await storage.put_once(key, portrait(SHE))
            await she.withdraw()
            assert (await Enrolment.get(id=enrolment.id)).state is EnrolmentState.REPLACED
            await worked_off(office, engine)
            assert await storage.put_once(key, portrait(SHE))
            when = (datetime.now(UTC) - timedelta(days=3)).timestamp()
            os.utime(tmp_path / "store" / key, (when, when))
            await sweep.sweep({"tools": Tools(office.runtime, eyes_of(None))})
            assert await storage.names("enrolments") == []

    asyncio.run(story())
