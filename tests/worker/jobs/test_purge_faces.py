"""Consent withdrawn: the photographs go, and no others."""

import asyncio

from api.attendance.models import CheckIn, FramePrint
from api.biometrics import service as biometrics
from api.biometrics.models import Enrolment, EnrolmentState, FaceTemplate, VouchDecision
from api.core import database, outbox
from api.core.settings import Settings
from tests.pictures import portrait, registered, second_portrait
from tests.worker.jobs.office import Person, codes, open_office, vouched, worked_off
from worker.vision.engine import FaceEngine


async def photographs(person: Person) -> list[str]:
    folder = biometrics.folder_of(person.actor.agency_id, person.employee.id)
    return [key for key, _ in await person.runtime.storage.names(folder)]


def test_a_withdrawal_deletes_every_photograph_of_that_person_only(
    settings: Settings, engine: FaceEngine
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she, he = await office.hire(), await office.hire()
            for who, face in ((she, 5), (he, 6)):
                await who.consent()
                await who.enrol(registered(face))
            await worked_off(office, engine)
            await biometrics.start_enrolment(she.context, 1)
            await she.withdraw()
            assert not await FaceTemplate.filter(employee_id=she.employee.id).exists()
            await worked_off(office, engine)
            assert await photographs(she) == []
            assert len(await photographs(he)) == 1

    asyncio.run(story())


def test_who_agrees_again_keeps_the_new_photographs(settings: Settings, engine: FaceEngine) -> None:
    """The purge is late: by then there is a new consent, a new enrolment, and another upload under way."""

    async def story() -> None:
        async with open_office(settings) as office:
            she = await office.hire()
            await she.consent()
            old = await she.enrol(registered(5))
            await worked_off(office, engine)
            await she.withdraw()
            await asyncio.sleep(0.01)
            await she.consent()
            new = await she.enrol(registered(5))
            (target,) = await biometrics.start_enrolment(she.context, 1)
            await office.runtime.storage.put(target.key, portrait(5))
            await worked_off(office, engine)
            kept = await photographs(she)
            assert old.photos[0]["key"] not in kept
            assert {new.photos[0]["key"], target.key} == set(kept)
            assert (await Enrolment.get(id=new.id)).state is EnrolmentState.AWAITING

    asyncio.run(story())


def test_a_withdrawal_takes_the_prints_and_leaves_the_digests(settings: Settings, engine: FaceEngine) -> None:
    """So a file that was sent before is still known when she has agreed again."""

    async def story() -> None:
        async with open_office(settings) as office:
            she, he = await office.hire(), await office.hire()
            for who, face in ((she, 5), (he, 6)):
                await who.consent()
                await who.enrol(registered(face))
                await worked_off(office, engine)
                await who.check_in(portrait(face))
            await worked_off(office, engine)
            assert await FramePrint.filter(print__isnull=False).count() == 4
            await she.withdraw()
            await worked_off(office, engine)
            hers, his = [await FramePrint.filter(employee_id=who.employee.id) for who in (she, he)]
            assert [(row.print, len(row.digest)) for row in hers] == [(None, 32)] * 2
            assert None not in [row.print for row in his]
            await she.consent()
            renewed = await she.enrol(registered(5))
            await worked_off(office, engine)
            await vouched(office, renewed, VouchDecision.CONFIRM)
            again = await she.check_in(portrait(5))
            await worked_off(office, engine)
            again = await CheckIn.get(id=again.id)
            assert codes(again.reasons)[0] == "PHOTO_REPEATED"
            assert (await FramePrint.get(check_in_id=again.id)).print is not None

    asyncio.run(story())


def test_a_late_purge_leaves_the_prints_made_since_she_agreed_again(
    settings: Settings, engine: FaceEngine
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await office.hire()
            await she.consent()
            await she.enrol(registered(5))
            await worked_off(office, engine)
            old = await she.check_in(portrait(5))
            await worked_off(office, engine)
            await she.withdraw()
            await asyncio.sleep(0.01)
            await she.consent()
            await she.enrol(registered(5))
            await worked_off(office, engine)
            new = await she.check_in(second_portrait(5))
            await worked_off(office, engine)
            async with database.transaction() as using:
                await outbox.record(using, biometrics.PURGE, she.employee.id)
            await worked_off(office, engine)
            assert (await FramePrint.get(check_in_id=old.id)).print is None
            assert (await FramePrint.get(check_in_id=new.id)).print is not None

    asyncio.run(story())


def test_a_purge_for_nobody_ends(settings: Settings) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            async with database.transaction() as using:
                await outbox.record(using, biometrics.PURGE, office.agency.id)
            await worked_off(office, None)

    asyncio.run(story())
