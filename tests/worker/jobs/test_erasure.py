"""Consent withdrawn: nothing that shows or describes the face is left anywhere, and a receipt proves it.

Searched are all bytes of the store and every column of every table, as they are kept and decoded.
"""

import asyncio
import base64
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.attendance.models import CheckIn, CheckInKind, CheckInState, FramePrint, GoneReason
from api.attendance.service.start import Wish, start_check_in
from api.audit import service as audit
from api.audit.models import AuditEntry
from api.biometrics import erasure
from api.biometrics import service as biometrics
from api.biometrics.models import ErasedKind, Erasure, FaceTemplate
from api.core import database, outbox
from api.core.crypto import MAGIC
from api.core.settings import Settings
from tests.pictures import portrait, registered, second_portrait
from tests.worker.jobs.office import Office, Person, codes, eyes_of, open_office, worked_off
from worker.jobs import purge_faces
from worker.jobs.kind import Tools
from worker.jobs.sweep import sweep
from worker.vision.engine import FaceEngine

ROOT = Path(__file__).resolve().parents[3]
JPEG = b"\xff\xd8\xff"
#: How a box of the tests' key begins.
SEALED = MAGIC + b"\x04test"
HEXADECIMAL = re.compile(rb"(?:[0-9a-f]{2}){8,}")
#: As a killed worker: dies when it has deleted two objects of those that are to go.
DYING = """
import asyncio, json, os, signal, sys
from pathlib import Path
from api.core import outbox
from api.core.runtime import open_runtime
from tests.worker.jobs.office import eyes_of, settings_for
from worker.jobs import purge_faces
from worker.jobs.kind import Tools

async def main():
    settings = settings_for(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
    async with open_runtime(settings) as runtime:
        delete = runtime.storage.delete
        async def dies(names):
            await delete(names[:2])
            os.kill(os.getpid(), signal.SIGKILL)
        runtime.storage.delete = dies
        [claim] = await outbox.claim(purge_faces.PURGE, most=5, lease_seconds=1)
        await purge_faces.purge(Tools(runtime, eyes_of(None)), claim)

asyncio.run(main())
"""


@dataclass
class Face:
    """What must be found nowhere: embeddings, sealed and open, and signs of prints."""

    secrets: list[bytes]

    def found_in(self, text: bytes) -> bool:
        sought = [*self.secrets, JPEG, SEALED]
        decoded = [text, *(bytes.fromhex(digits.decode()) for digits in HEXADECIMAL.findall(text))]
        in_base64 = any(base64.b64encode(secret[:48]) in text for secret in self.secrets)
        return in_base64 or any(secret in part for part in decoded for secret in sought)


async def face_of(person: Person) -> Face:
    embedding, _ = await person.template()
    sealed = [bytes(row.sealed) for row in await FaceTemplate.filter(employee_id=person.employee.id)]
    prints = [
        bytes(row.print)[:32] for row in await FramePrint.filter(employee_id=person.employee.id) if row.print
    ]
    assert prints
    return Face([embedding, embedding[:64], *sealed, *prints])


async def places_with(face: Face, office: Office) -> set[str]:
    """Tables and folders in which something of a face is."""
    found = set()
    tables = await database.rows("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
    for table in tables:
        rows = await database.rows(f'SELECT t::text AS row FROM "{table["name"]}" t')
        found |= {table["name"] for row in rows if face.found_in(row["row"].encode())}
    store = office.runtime.settings.data_dir / "store"
    files = [path for path in store.rglob("*") if path.is_file()]
    return found | {path.relative_to(store).parts[0] for path in files if face.found_in(path.read_bytes())}


@asynccontextmanager
async def enrolled_and_seen(settings: Settings, engine: FaceEngine) -> AsyncIterator[tuple[Office, Person]]:
    """Enrolled twice, with a check-in settled and one pending, and photographs sent for nothing."""
    async with open_office(settings) as office:
        she = await office.hire()
        await she.consent()
        for _ in range(2):
            await she.enrol(registered(5))
            await worked_off(office, engine)
        await she.check_in(portrait(5))
        await worked_off(office, engine)
        await she.check_in(second_portrait(5))
        await she.submission(portrait(6))
        (waiting,) = await biometrics.start_enrolment(she.context, 1)
        await office.runtime.storage.put(waiting.key, portrait(5))
        yield office, she


ERASED = {
    ErasedKind.TEMPLATES: 1,
    ErasedKind.ENROLMENT_PHOTOGRAPHS: 3,
    ErasedKind.CHECK_IN_PHOTOGRAPHS: 3,
    ErasedKind.PRINTS: 3,
}


async def holds(office: Office, receipt: Erasure) -> None:
    """The receipt is what the trail says it is, and the trail is whole."""
    entry = await AuditEntry.get(agency_id=office.agency.id, number=receipt.number)
    assert (entry.action, entry.subject_id) == (erasure.ACTION, receipt.employee_id)
    assert entry.object_name == erasure.digest_of(receipt).hex() == bytes(receipt.digest or b"").hex()
    assert await audit.first_break(office.agency.id) is None
    receipt.counts = {**receipt.counts, "TEMPLATES": 0}
    assert entry.object_name != erasure.digest_of(receipt).hex()


def test_nothing_of_the_face_is_left_and_a_receipt_says_so(settings: Settings, engine: FaceEngine) -> None:
    async def story() -> None:
        async with enrolled_and_seen(settings, engine) as (office, she):
            face = await face_of(she)
            assert await places_with(face, office) == {"face_template", "frame_print", "enrolments", "frames"}
            asked = datetime.now(UTC)
            await she.withdraw()
            await worked_off(office, engine)
            assert await places_with(face, office) == set()
            [receipt] = await Erasure.all()
            assert receipt.counts == ERASED
            assert receipt.gone_at
            assert asked <= receipt.asked_at <= receipt.gone_at <= datetime.now(UTC)
            await holds(office, receipt)
            for row in await CheckIn.all():
                assert (row.frames, row.frames_gone_why) == ([], GoneReason.WITHDRAWN)
                assert row.frames_gone_at

    asyncio.run(story())


def test_who_was_killed_in_the_middle_is_followed_by_one_who_forgets_nothing(
    settings: Settings, engine: FaceEngine, database_url: str, redis_url: str
) -> None:
    async def story() -> None:
        async with enrolled_and_seen(settings, engine) as (office, she):
            face = await face_of(she)
            await she.withdraw()
            command = [sys.executable, "-c", DYING, database_url, redis_url, str(settings.data_dir)]
            ended = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, capture_output=True)
            assert ended.returncode == -9, ended.stderr.decode()
            [promise] = await Erasure.all()
            assert promise.gone_at is None
            assert "frames" in await places_with(face, office)
            await asyncio.sleep(1)  # the dead worker's lease
            await worked_off(office, engine)
            assert await places_with(face, office) == set()
            [receipt] = await Erasure.all()
            assert receipt.counts == ERASED
            await holds(office, receipt)

    asyncio.run(story())


def test_a_check_in_that_waited_for_its_verdict_goes_to_a_person(
    settings: Settings, engine: FaceEngine
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await office.hire()
            await she.consent()
            await she.enrol(registered(5))
            await worked_off(office, engine)
            waiting = await she.check_in(portrait(5))
            await she.withdraw()
            [claim] = await outbox.claim(biometrics.PURGE, most=1, lease_seconds=60)
            await purge_faces.purge(Tools(office.runtime, eyes_of(None)), claim)
            await worked_off(office, engine)
            settled = await CheckIn.get(id=waiting.id)
            assert settled.state is CheckInState.REVIEW
            assert codes(settled.reasons)[0] == "FACE_NOT_CHECKED"

    asyncio.run(story())


def test_what_is_sent_late_to_an_old_address_goes_at_the_second_look(
    settings: Settings, engine: FaceEngine
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await office.hire()
            await she.consent()
            await she.enrol(registered(5))
            await worked_off(office, engine)
            (waiting,) = await biometrics.start_enrolment(she.context, 1)
            started = await start_check_in(she.context, Wish(CheckInKind.IN))
            await she.withdraw()
            await worked_off(office, engine)
            for key in (waiting.key, started.uploads[0].key):
                await office.runtime.storage.put(key, portrait(5))
            [again] = await database.rows("SELECT due_at FROM outbox WHERE job = $1", biometrics.PURGE)
            assert again["due_at"] > waiting.expires_at
            assert again["due_at"] < datetime.now(UTC) + timedelta(hours=1)
            await database.rows("UPDATE outbox SET due_at = now() RETURNING id")
            await worked_off(office, engine)
            assert await office.runtime.storage.names("") == []
            assert await Erasure.filter(gone_at__isnull=False).count() == 2

    asyncio.run(story())


def test_a_store_that_keeps_what_it_was_told_to_delete_is_told_again_and_told_of(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await office.hire()
            await she.consent()
            await she.enrol(registered(5))
            await she.withdraw()
            storage, delete = office.runtime.storage, office.runtime.storage.delete

            async def keeps(names: list[str]) -> None:
                await delete(names[1:])

            tools = Tools(office.runtime, eyes_of(None))
            monkeypatch.setattr(storage, "delete", keeps)
            [claim] = await outbox.claim(biometrics.PURGE, most=1, lease_seconds=60)
            with pytest.raises(purge_faces.StillThere):
                await purge_faces.purge(tools, claim)
            [promise] = await Erasure.all()
            assert (promise.gone_at, promise.digest) == (None, None)
            now = datetime.now(UTC)
            assert await erasure.overdue(now + timedelta(minutes=59)) == 0
            assert await erasure.overdue(now + timedelta(minutes=61)) == 1

            await database.rows("DELETE FROM outbox RETURNING id")  # somebody's remedy for the noise
            monkeypatch.setattr(storage, "delete", delete)
            await sweep({"tools": tools})
            await worked_off(office, None)
            assert await storage.names("") == []
            assert (await Erasure.get(id=promise.id)).gone_at
            assert await erasure.overdue(now + timedelta(days=1)) == 0

    asyncio.run(story())


def test_a_photograph_taken_at_the_desk_stays(settings: Settings) -> None:
    """No consent was asked for it, so none ends it: it shows who was there."""

    async def story() -> None:
        async with open_office(settings) as office:
            she, officer = await office.hire(), await office.hire()
            await she.consent()
            await she.has_template(bytes(2048), "none")
            record = await she.check_in(portrait(5))
            await CheckIn.filter(id=record.id).update(
                recorder_id=officer.employee.id,
                record_reason="no camera",
                state="ACCEPTED",
                settled_at=datetime.now(UTC),
            )
            await she.withdraw()
            await worked_off(office, None)
            assert [key for key, _ in await office.runtime.storage.names("frames")] == record.frames

    asyncio.run(story())
