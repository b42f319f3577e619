"""Whose face it is: proven by the templates in force, or said by a person before anything is compared with it."""

import asyncio
from datetime import date

import pytest

from api import agency_rules
from api.attendance.models import CheckIn, CheckInState
from api.biometrics.models import Enrolment, EnrolmentState, FaceTemplate, VouchDecision
from api.core.settings import Settings
from tests.pictures import portrait, registered, reshot
from tests.worker.jobs.office import Office, Person, codes, open_office, vouched, worked_off
from worker.vision.engine import FaceEngine

SHE, SOMEBODY_ELSE = 5, 6


async def strict(office: Office) -> None:
    """What holds where an agency has set nothing."""
    await agency_rules.write(office.agency, "vouching", {}, date(2021, 1, 1))


async def sent(office: Office, engine: FaceEngine, who: Person, *photos: bytes) -> Enrolment:
    made = await who.enrol(*photos)
    await worked_off(office, engine)
    return await Enrolment.get(id=made.id)


async def settled(office: Office, engine: FaceEngine, who: Person, frame: bytes) -> CheckIn:
    record = await who.check_in(frame)
    await worked_off(office, engine)
    return await CheckIn.get(id=record.id)


def test_nothing_is_compared_before_a_person_has_confirmed(settings: Settings, engine: FaceEngine) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            await strict(office)
            she = await office.hire()
            await she.consent()
            first = await sent(office, engine, she, registered(SHE))
            assert first.state is EnrolmentState.AWAITING
            for frame in (portrait(SHE), portrait(SOMEBODY_ELSE)):
                record = await settled(office, engine, she, frame)
                assert record.state is CheckInState.REVIEW
                assert codes(record.reasons)[0] == "ENROLMENT_AWAITING"
                assert "FACE_MATCHED" not in codes(record.reasons)
            # The photographs that wait are known as well.
            presented = await settled(office, engine, she, registered(SHE))
            assert "PHOTO_OF_ENROLMENT" in codes(presented.reasons)

            assert (await vouched(office, first, VouchDecision.CONFIRM)).state is EnrolmentState.ACTIVE
            record = await settled(office, engine, she, reshot(SHE, 5))
            assert "FACE_MATCHED" in codes(record.reasons)
            # From now on her own face proves itself.
            again = await sent(office, engine, she, reshot(SHE, 3))
            assert again.state is EnrolmentState.ACTIVE

    asyncio.run(story())


def test_what_is_not_confirmed_leaves_no_template(settings: Settings, engine: FaceEngine) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            await strict(office)
            she = await office.hire()
            await she.consent()
            first = await sent(office, engine, she, registered(SOMEBODY_ELSE))
            assert await FaceTemplate.filter(employee_id=she.employee.id).count() == 1
            refused = await vouched(office, first, VouchDecision.REFUSE)
            assert refused.state is EnrolmentState.REFUSED
            assert not await FaceTemplate.filter(employee_id=she.employee.id).exists()

    asyncio.run(story())


@pytest.mark.parametrize("first", [True, False], ids=["first ones too", "later ones only"])
def test_who_withdrew_and_agreed_again_does_not_choose_the_face(
    settings: Settings, engine: FaceEngine, first: bool
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await office.hire()
            await she.consent()
            assert (await sent(office, engine, she, registered(SHE))).state is EnrolmentState.ACTIVE
            if first:
                await strict(office)
            await she.withdraw()
            await worked_off(office, engine)
            await she.consent()
            other = await sent(office, engine, she, registered(SOMEBODY_ELSE))
            assert other.state is EnrolmentState.AWAITING
            record = await settled(office, engine, she, portrait(SOMEBODY_ELSE))
            assert record.state is CheckInState.REVIEW
            # Neither by sending once more: what waits proves nothing.
            once_more = await sent(office, engine, she, reshot(SOMEBODY_ELSE, 1))
            assert once_more.state is EnrolmentState.AWAITING
            assert (await Enrolment.get(id=other.id)).state is EnrolmentState.REPLACED
            assert await FaceTemplate.filter(employee_id=she.employee.id).count() == 1

    asyncio.run(story())


def test_a_withdrawal_while_it_waits_leaves_nothing_to_confirm(
    settings: Settings, engine: FaceEngine
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            await strict(office)
            she = await office.hire()
            await she.consent()
            first = await sent(office, engine, she, registered(SHE))
            await asyncio.gather(
                vouched(office, first, VouchDecision.CONFIRM), she.withdraw(), return_exceptions=True
            )
            await worked_off(office, engine)
            assert (await Enrolment.get(id=first.id)).state is EnrolmentState.REPLACED
            assert not await FaceTemplate.filter(employee_id=she.employee.id).exists()
            assert await office.runtime.storage.names("enrolments") == []

    asyncio.run(story())
