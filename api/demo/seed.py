"""Filling an empty database with the demonstration agency, once."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import structlog

from api.biometrics import service as biometrics
from api.biometrics.consent import VERSION
from api.biometrics.models import Consent, Enrolment, Purpose, VouchDecision
from api.core import database, outbox
from api.core.identity import new_id
from api.core.policy import Role
from api.core.runtime import Runtime
from api.demo.accounts import DESK_OFFICER
from api.demo.history import write_history
from api.demo.names import people
from api.demo.places import (
    AGENCY_NAME,
    AGENCY_SHORT,
    HOME_UNIT,
    OFFICE_RADIUS_METRES,
    PLACES,
    PROVINCE,
)
from api.people.models import Agency, AgencyRule, Employee, RoleAssignment, RuleTopic, Unit
from api.sites.models import DutyAssignment, DutyLocation, WorkMode

log = structlog.get_logger()

#: The same people at every installation, so that a picture in the README is a picture of what one gets.
SEED = 20260817
#: What the head of the unit said of the faces that the demonstration begins with.
VOUCHED = "Cocok dengan arsip kepegawaian."
#: Days of history before today.
HISTORY_DAYS = 60
#: Every reader's device is new here, and scripts have no head to turn: a look is enough where nothing else is in
#: doubt.
CHALLENGE = {"mode": "ON_DOUBT", "on": ["LIVENESS", "POSITION"], "one_in": 0}


async def seed(runtime: Runtime, portraits: Sequence[bytes] = ()) -> None:
    """The demonstration agency with its past; a second time changes nothing.

    `portraits` are JPEGs of one face each: the first people of the home unit are enrolled with them, by the
    worker, as anybody is.
    """
    if await is_seeded():
        return
    random, now = Random(SEED), datetime.now(UTC)  # noqa: S311 - invented people need no secrecy
    async with database.transaction():
        agency = await Agency.create(name=AGENCY_NAME, short_name=AGENCY_SHORT)
        since = (now - timedelta(days=HISTORY_DAYS + 30)).date()
        await AgencyRule.create(
            agency=agency, topic=RuleTopic.CHALLENGE, parameters=CHALLENGE, valid_from=since
        )
        units = await _units(agency)
        offices = await _offices(agency, units)
        staff = await _staff(agency, units, random)
        await _assign(agency, staff, units, offices, now)
        await _roles(agency, staff, units, now)
        days = await write_history(agency, staff, units, offices, random, now, HISTORY_DAYS)
    await _enrol(runtime, agency, staff[HOME_UNIT], portraits, now)
    log.info("demo.seeded", people=sum(map(len, staff.values())), days=days)


async def is_seeded() -> bool:
    return await Agency.filter(short_name=AGENCY_SHORT).exists()


async def _units(agency: Agency) -> dict[str, Unit]:
    made: dict[str, Unit] = {}
    for place in PLACES:
        parent = made[place.parent] if place.parent else None
        made[place.code] = await Unit.create(
            agency=agency,
            parent=parent,
            code=place.code,
            name=place.name,
            path=f"{parent.path if parent else '/'}{place.code}/",
            time_zone=place.time_zone,
        )
    return made


async def _offices(agency: Agency, units: dict[str, Unit]) -> dict[str, DutyLocation]:
    return {
        place.code: await DutyLocation.create(
            agency=agency,
            unit=units[place.code],
            name=place.name,
            kind=WorkMode.OFFICE,
            latitude=place.latitude,
            longitude=place.longitude,
            radius_metres=OFFICE_RADIUS_METRES,
        )
        for place in PLACES
    }


async def _staff(agency: Agency, units: dict[str, Unit], random: Random) -> dict[str, list[Employee]]:
    """Employees by unit code; the first of a unit leads it."""
    invented = iter(people(random, sum(place.people for place in PLACES)))
    staff: dict[str, list[Employee]] = {}
    for place in PLACES:
        persons = [next(invented) for _ in range(place.people)]
        head = Employee(
            id=new_id(),
            agency=agency,
            unit=units[place.code],
            nip=persons[0].nip,
            name=persons[0].name,
            position=f"Kepala {place.name}",
        )
        rest = [
            Employee(
                id=new_id(),
                agency=agency,
                unit=units[place.code],
                supervisor_id=head.id,
                nip=person.nip,
                name=person.name,
                position=person.position,
            )
            for person in persons[1:]
        ]
        for employee in (head, *rest):
            await employee.save(force_create=True)
        staff[place.code] = [head, *rest]
    return staff


async def _assign(
    agency: Agency,
    staff: dict[str, list[Employee]],
    units: dict[str, Unit],
    offices: dict[str, DutyLocation],
    now: datetime,
) -> None:
    since = (now - timedelta(days=HISTORY_DAYS + 30)).date()
    await DutyAssignment.bulk_create(
        DutyAssignment(agency=agency, employee=person, location=offices[code], valid_from=since)
        for code in units
        for person in staff[code]
    )


async def _roles(
    agency: Agency, staff: dict[str, list[Employee]], units: dict[str, Unit], now: datetime
) -> None:
    since = (now - timedelta(days=HISTORY_DAYS + 30)).date()
    heads = [(staff[code][0], Role.SUPERVISOR, units[code]) for code in units]
    central = staff["00"]
    others: list[tuple[Employee, Role, Unit | None]] = [
        (staff[PROVINCE][1], Role.HR_ADMIN, units[PROVINCE]),
        (central[1], Role.AGENCY_ADMIN, None),
        (central[2], Role.AUDITOR, None),
        (staff[HOME_UNIT][DESK_OFFICER], Role.DESK_OFFICER, units[HOME_UNIT]),
    ]
    await RoleAssignment.bulk_create(
        RoleAssignment(agency=agency, employee=person, role=role, unit=unit, valid_from=since)
        for person, role, unit in [*heads, *others]
    )


async def _enrol(
    runtime: Runtime, agency: Agency, staff: Sequence[Employee], portraits: Sequence[bytes], now: datetime
) -> None:
    """The head of the unit has vouched for them; for whoever enrols later, somebody has yet to."""
    for person, portrait in zip(staff[1:], portraits, strict=False):
        key = f"{biometrics.folder_of(agency.id, person.id)}/demonstration/0"
        await runtime.storage.put(key, portrait)
        async with database.transaction() as using:
            await Consent.create(
                agency=agency,
                employee=person,
                purpose=Purpose.FACE_RECOGNITION,
                version=VERSION,
                given_at=now,
                using_db=using,
            )
            enrolment = await Enrolment.create(
                agency=agency,
                employee=person,
                created_at=now,
                photos=[{"key": key, "accepted": None, "reasons": []}],
                vouch_decision=VouchDecision.CONFIRM,
                vouch_reason=VOUCHED,
                vouched_at=now,
                voucher=staff[0],
                using_db=using,
            )
            await outbox.record(using, biometrics.ENROL, enrolment.id)
