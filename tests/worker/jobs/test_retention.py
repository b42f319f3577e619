"""What has been kept for its time goes, and nothing that a person has yet to decide."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from api import agency_rules
from api.attendance.models import CheckIn, FramePrint, GoneReason
from api.attendance.service import retention
from api.audit.models import AuditEntry
from api.biometrics.models import Enrolment
from api.core import database
from api.core.errors import Unavailable
from api.core.settings import Settings
from api.people import service as people
from tests.pictures import portrait
from tests.worker.jobs.office import Office, Person, eyes_of, open_office
from worker.jobs.keep_retention import keep
from worker.jobs.kind import Tools

NOW = datetime.now(UTC)
DECIDED = {"state": "ACCEPTED", "settled_at": NOW}


async def of_age(person: Person, days: float, **values: Any) -> CheckIn:
    """A check-in with its photograph, received so many days ago."""
    record = await person.check_in(portrait(5))
    at = NOW - timedelta(days=days)
    await CheckIn.filter(id=record.id).update(received_at=at, **{**DECIDED, **values})
    await FramePrint.create(
        agency_id=person.actor.agency_id, employee_id=person.employee.id, check_in_id=record.id, enrolment_id=None,
        frame=0, received_at=at, digest=record.id.bytes * 2, print=bytes(40),
    )  # fmt: skip
    return record


async def run(office: Office) -> None:
    people.forget_rules()
    await keep({"tools": Tools(office.runtime, eyes_of(None))})


async def lying(office: Office) -> set[str]:
    return {key for key, _ in await office.runtime.storage.names("")}


async def hired(office: Office) -> Person:
    person = await office.hire()
    await person.has_template(bytes(2048), "none")
    return person


def test_photographs_and_positions_go_with_their_time_and_the_row_says_when(settings: Settings) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await hired(office)
            old, young = await of_age(she, 91), await of_age(she, 89)
            await run(office)
            await run(office)
            gone, kept = await CheckIn.get(id=old.id), await CheckIn.get(id=young.id)
            assert (gone.frames, gone.frames_gone_why, gone.fixes) == ([], GoneReason.RETENTION, [])
            assert (gone.latitude, gone.longitude) == (None, None)
            assert gone.frames_gone_at
            assert gone.positions_gone_at
            assert (kept.frames, kept.fixes, kept.latitude) == (young.frames, young.fixes, young.latitude)
            assert await lying(office) == set(young.frames)
            assert (await FramePrint.get(check_in_id=old.id)).print is None
            assert (await FramePrint.get(check_in_id=young.id)).print is not None
            [entry] = await AuditEntry.filter(action=retention.ACTION)
            assert entry.object_name == "check_in_photographs=1 positions=1"

    asyncio.run(story())


@pytest.mark.parametrize(
    "undecided",
    [
        {"state": "REVIEW"},
        {"state": "PENDING", "settled_at": None},
        {"state": "FLAGGED", "contested_at": NOW - timedelta(days=300)},
    ],
    ids=["review", "pending", "contested"],
)
def test_what_is_undecided_is_kept_until_a_person_has_decided(
    settings: Settings, undecided: dict[str, Any]
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she, he = await hired(office), await office.hire()
            record = await of_age(she, 400, **undecided)
            decided = {
                "state": "ACCEPTED", "settled_at": NOW, "review_decision": "CONFIRM", "reviewer_id": he.employee.id,
            }  # fmt: skip
            for days, stays in ((None, True), (10, True), (91, False)):
                if days:
                    await CheckIn.filter(id=record.id).update(
                        **decided, reviewed_at=NOW - timedelta(days=days)
                    )
                await run(office)
                assert (await lying(office) == set(record.frames)) is stays, days
                assert bool((await CheckIn.get(id=record.id)).fixes) is stays, days

    asyncio.run(story())


def test_a_photograph_that_an_undecided_check_in_repeats_is_kept_with_it(settings: Settings) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await hired(office)
            earlier, later = await of_age(she, 100), await of_age(she, 1, state="REVIEW")
            await CheckIn.filter(id=later.id).update(evidence={"face": {"resembles": str(earlier.id)}})
            await run(office)
            assert await lying(office) == {*earlier.frames, *later.frames}
            await CheckIn.filter(id=later.id).update(state="ACCEPTED")
            await run(office)
            assert await lying(office) == set(later.frames)

    asyncio.run(story())


def test_photographs_of_a_replaced_enrolment_go_and_those_in_force_stay(settings: Settings) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await office.hire()
            await she.consent()
            replaced, refused, active = [await she.enrol(portrait(5)) for _ in "123"]
            for row, state, days in (
                (replaced, "REPLACED", 900),
                (refused, "REFUSED", 31),
                (active, "ACTIVE", 29),
            ):
                at = NOW - timedelta(days=days)
                await Enrolment.filter(id=row.id).update(state=state, created_at=at, settled_at=at)
            await run(office)
            kept = {str(row.photos[0]["key"]) for row in (replaced, active)}
            assert await lying(office) == kept, "it was replaced 29 days ago only"
            await Enrolment.filter(id=active.id).update(settled_at=NOW - timedelta(days=31))
            await run(office)
            assert await lying(office) == {str(active.photos[0]["key"])}

    asyncio.run(story())


def test_each_agency_has_its_own_days_and_one_that_cannot_be_read_keeps_everything(
    settings: Settings,
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await hired(office)
            record = await of_age(she, 10)
            rule = await agency_rules.write(
                office.agency, "retention", {"check_in_photographs": 9, "positions": 11}, date(2020, 1, 1)
            )
            await rule.filter(id=rule.id).update(parameters={"check_in_photographs": 0})
            await run(office)
            assert await lying(office) == set(record.frames)
            await rule.filter(id=rule.id).update(parameters={"check_in_photographs": 9, "positions": 11})
            await run(office)
            assert await lying(office) == set()
            assert (await CheckIn.get(id=record.id)).fixes

    asyncio.run(story())


def test_a_store_that_is_away_loses_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            record = await of_age(await hired(office), 91)
            storage, delete = office.runtime.storage, office.runtime.storage.delete

            async def away(names: list[str]) -> None:
                if names:
                    await delete(names)
                    raise Unavailable

            monkeypatch.setattr(storage, "delete", away)
            with pytest.raises(Unavailable):
                await run(office)
            assert (await CheckIn.get(id=record.id)).frames == record.frames, "it is asked for again"
            monkeypatch.setattr(storage, "delete", delete)
            await run(office)
            assert (await CheckIn.get(id=record.id)).frames == []

    asyncio.run(story())


MANY = """
INSERT INTO check_in (id, agency_id, employee_id, unit_id, kind, state, day, received_at, settled_at,
                      idempotency_key, content_digest, frames, fixes, latitude, longitude, device_id, device_kind,
                      reasons, evidence)
SELECT gen_random_uuid(), agency_id, employee_id, unit_id, kind, 'ACCEPTED', day, now() - interval '1 day' * n, now(),
       gen_random_uuid()::text, content_digest, jsonb_build_array('frames/many/' || n), fixes, latitude, longitude,
       device_id, device_kind, reasons, evidence
  FROM check_in, generate_series(1, $2) n WHERE check_in.id = $1 RETURNING id
"""


def test_many_go_in_one_run_batch_by_batch(settings: Settings) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            record: UUID = (await of_age(await hired(office), 1)).id
            await database.rows(MANY, record, 2_000)
            await run(office)
            assert await CheckIn.filter(frames_gone_at__isnull=False).count() == 1_911
            assert await CheckIn.filter(positions_gone_at__isnull=False).count() == 1_911
            [entry] = await AuditEntry.filter(action=retention.ACTION)
            assert entry.object_name == "check_in_photographs=1911 positions=1911"

    asyncio.run(story())
