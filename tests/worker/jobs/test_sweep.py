"""What nobody will ask for again goes; what a row names stays."""

import asyncio
import os
import secrets
from datetime import UTC, datetime, timedelta

import pytest

from api.accounts.models import Account, Credential
from api.attendance.models import CheckIn, CheckInKind, CheckInNonce
from api.attendance.service.accept import accept
from api.attendance.service.by_hand import RECORDED
from api.attendance.service.start import Wish, start_check_in
from api.biometrics import service as biometrics
from api.core import database
from api.core.settings import Settings
from tests.pictures import portrait
from tests.worker.jobs.office import eyes_of, open_office
from worker.jobs.kind import Tools
from worker.jobs.sweep import sweep

NOW = datetime.now(UTC)


def test_expired_nonces_go_with_their_frames_and_evidence_stays(settings: Settings) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            tools = Tools(office.runtime, eyes_of(None))
            storage = office.runtime.storage
            she = await office.hire()
            await she.has_template(bytes(2048), "none")
            sent = await she.submission(portrait(5), portrait(6))
            left = await start_check_in(she.context, Wish(CheckInKind.IN, 2))
            fresh = await start_check_in(she.context, Wish(CheckInKind.IN, 1))
            for target in (*left.uploads, *fresh.uploads):
                await storage.put(target.key, portrait(6))
            sent.frames.pop()  # two were sent, one is submitted
            record, _ = await accept(she.context, sent)
            await CheckInNonce.exclude(spent_at=None).update(expires_at=NOW - timedelta(days=2))
            await CheckInNonce.filter(frames=2, spent_at=None).update(expires_at=NOW - timedelta(hours=2))
            await asyncio.gather(sweep({"tools": tools}), sweep({"tools": tools}))
            assert await CheckInNonce.all().count() == 1
            kept = {key for key, _ in await storage.names("frames")}
            assert kept == {*record.frames, fresh.uploads[0].key}

            # A nonce whose row is wrongly thought unspent takes no evidence along.
            await CheckInNonce.all().update(expires_at=NOW - timedelta(days=2))
            await CheckIn.filter(id=record.id).update(frames=[fresh.uploads[0].key])
            await sweep({"tools": tools})
            assert fresh.uploads[0].key in {key for key, _ in await storage.names("frames")}

    asyncio.run(story())


def test_many_cost_no_more_statements_than_one(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def counted(sql: str, *values: object) -> list[database.Row]:
        asked.append(sql)
        return await rows(sql, *values)

    rows = database.rows
    monkeypatch.setattr(database, "rows", counted)

    async def story() -> None:
        async with open_office(settings) as office:
            storage, she = office.runtime.storage, await office.hire()
            await she.has_template(bytes(2048), "none")
            cost = []
            for many in (1, 15):
                for _ in range(many):
                    started = await start_check_in(she.context, Wish(CheckInKind.IN, 2))
                    await storage.put(started.uploads[0].key, portrait(6))  # the other was never sent
                await CheckInNonce.all().update(expires_at=NOW - timedelta(hours=2))
                asked.clear()
                await sweep({"tools": Tools(office.runtime, eyes_of(None))})
                cost.append(len(asked))
                assert await storage.names("frames") == []
                assert not await CheckInNonce.exists()
            assert cost[0] == cost[1]

    asyncio.run(story())


def test_photographs_sent_and_never_enrolled_go_after_a_day(settings: Settings) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            storage, store = office.runtime.storage, settings.data_dir / "store"
            she = await office.hire()
            await she.consent()
            enrolled = (await she.enrol(portrait(5))).photos[0]["key"]
            old, new = await biometrics.start_enrolment(she.context, 2)
            for key in (old.key, new.key, "enrolments/readme"):
                await storage.put(key, portrait(6))
            for key in (enrolled, old.key, "enrolments/readme"):
                when = (NOW - timedelta(days=3)).timestamp()
                os.utime(store / key, (when, when))
            await sweep({"tools": Tools(office.runtime, eyes_of(None))})
            kept = {key for key, _ in await storage.names("enrolments")}
            assert kept == {enrolled, new.key, "enrolments/readme"}

    asyncio.run(story())


def test_what_a_record_by_hand_that_broke_off_left_goes(settings: Settings) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            storage, store = office.runtime.storage, settings.data_dir / "store"
            she = await office.hire()
            await she.has_template(bytes(2048), "none")
            record = await she.check_in(portrait(5))
            folder = f"frames/{office.agency.id}/{RECORDED}/{she.employee.id}"
            named, left, new = (f"{folder}/{secrets.token_hex(16)}" for _ in range(3))
            await CheckIn.filter(id=record.id).update(frames=[named])
            for key in (named, left, new):
                await storage.put(key, portrait(6))
            for key in (named, left):
                os.utime(store / key, ((NOW - timedelta(days=3)).timestamp(),) * 2)
            await sweep({"tools": Tools(office.runtime, eyes_of(None))})
            assert {key for key, _ in await storage.names(folder)} == {named, new}

    asyncio.run(story())


def test_what_a_killed_process_left_half_written_goes(settings: Settings) -> None:
    """No listing of the store shows it, and it may be the whole of a photograph."""

    async def story() -> None:
        async with open_office(settings) as office:
            store, she = settings.data_dir / "store", await office.hire()
            await she.has_template(bytes(2048), "none")
            started = await start_check_in(she.context, Wish(CheckInKind.IN, 1))
            record = await she.check_in(portrait(5))
            (enrolled,) = await biometrics.start_enrolment(she.context, 1)
            keys = [started.uploads[0].key, record.frames[0], enrolled.key]
            left, under_way = ([store / f"{key}#{number}" for key in keys] for number in (1, 12))
            for path in (*left, *under_way):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"half a photograph")
            for path in left:
                os.utime(path, ((NOW - timedelta(hours=1)).timestamp(),) * 2)
            await CheckInNonce.all().update(expires_at=NOW - timedelta(days=2))
            await sweep({"tools": Tools(office.runtime, eyes_of(None))})
            assert set(store.rglob("*#*")) == set(under_way)
            assert await office.runtime.storage.get(record.frames[0]) == portrait(5)

    asyncio.run(story())


def test_credentials_are_forgotten_a_month_after_their_end(settings: Settings) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await office.hire()
            account = await Account.create(agency=office.agency, employee=she.employee, password_hash="-")
            ends = {
                "good": (NOW + timedelta(days=300), None),
                "just expired": (NOW - timedelta(days=29), None),
                "just ended": (NOW + timedelta(days=300), NOW - timedelta(days=29)),
                "expired": (NOW - timedelta(days=31), None),
                "ended": (NOW + timedelta(days=300), NOW - timedelta(days=31)),
            }
            for name, (expires_at, ended_at) in ends.items():
                await Credential.create(
                    agency=office.agency,
                    account=account,
                    digest=secrets.token_bytes(32),
                    token_name=name,
                    expires_at=expires_at,
                    ended_at=ended_at,
                )
            await sweep({"tools": Tools(office.runtime, eyes_of(None))})
            left = await Credential.all().values_list("token_name", flat=True)
            assert set(left) == {"good", "just expired", "just ended"}

    asyncio.run(story())
