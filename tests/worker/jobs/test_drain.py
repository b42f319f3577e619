"""Claims, leases and fencing: whatever is delivered, lost, late or broken, there is one verdict."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from api.attendance.models import CheckIn, CheckInState
from api.attendance.service.accept import accept
from api.biometrics.models import Enrolment, EnrolmentState, Erasure, FaceTemplate
from api.core import database, outbox
from api.core.context import Context
from api.core.errors import Unavailable
from api.core.models import OutboxEntry
from api.core.outbox import Claim
from api.core.settings import Settings
from tests.pictures import portrait, registered
from tests.worker.jobs.office import (
    Office,
    codes,
    eyes_of,
    nothing_outstanding,
    open_office,
    settlements,
    watch_settlements,
    worked_off,
)
from worker.jobs import enrol_face, purge_faces, verify_check_in
from worker.jobs.drain import MOST_DEATHS, TRIES, Drain
from worker.jobs.kind import Kind, Tools
from worker.vision.engine import FaceEngine, FrameReport
from worker.vision.pictures import Picture

JOB = verify_check_in.KIND.job


async def pending(office: Office) -> CheckIn:
    she = await office.hire()
    await she.has_template(bytes(2048), "none")
    return await she.check_in(portrait(5))


def drain_of(office: Office, kind: Kind = verify_check_in.KIND, engine: FaceEngine | None = None) -> Drain:
    return Drain(kind, Tools(office.runtime, eyes_of(engine)))


def test_a_job_delivered_a_hundred_times_at_once_gives_one_verdict(
    settings: Settings, engine: FaceEngine
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            await watch_settlements()
            record = await pending(office)
            drains = [drain_of(office, engine=engine) for _ in range(10)]
            for drain in drains * 10:
                drain.answer()
            await nothing_outstanding()
            await asyncio.gather(*(drain.stop(5) for drain in drains))
            assert await settlements(record) == 1

    asyncio.run(story())


def test_one_claim_worked_on_a_hundred_times_at_once_settles_once(settings: Settings) -> None:
    """As if the same process image ran everywhere: only the row decides who was first."""

    async def story() -> None:
        async with open_office(settings) as office:
            await watch_settlements()
            record = await pending(office)
            tools = Tools(office.runtime, eyes_of(None))
            (claim,) = await outbox.claim(JOB, most=9, lease_seconds=60)
            await asyncio.gather(*(verify_check_in.verify(tools, claim) for _ in range(100)))
            assert await settlements(record) == 1
            assert await outbox.outstanding() == 0

    asyncio.run(story())


def test_one_enrolment_worked_on_a_hundred_times_at_once_is_enrolled_once(
    settings: Settings, engine: FaceEngine
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she, tools = await office.hire(), Tools(office.runtime, eyes_of(engine))
            await she.consent()
            made = await she.enrol(registered(5))
            (claim,) = await outbox.claim(enrol_face.KIND.job, most=9, lease_seconds=60)
            await asyncio.gather(*(enrol_face.enrol(tools, claim) for _ in range(100)))
            assert await FaceTemplate.filter(employee_id=she.employee.id).count() == 1
            settled = await Enrolment.get(id=made.id)
            assert settled.state is EnrolmentState.ACTIVE
            await enrol_face.enrol(tools, claim)
            assert dict(await Enrolment.get(id=made.id)) == dict(settled)
            assert await outbox.outstanding() == 0

    asyncio.run(story())


def test_an_erasure_delivered_a_hundred_times_at_once_is_one_receipt(settings: Settings) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await office.hire()
            await she.consent()
            await she.enrol(registered(5))
            await she.withdraw()
            drains = [drain_of(office, purge_faces.KIND) for _ in range(10)]
            for drain in drains * 10:
                drain.answer()
            async with asyncio.timeout(20):
                while await Erasure.filter(gone_at__isnull=True).exists():  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            await asyncio.gather(*(drain.stop(5) for drain in drains))
            (receipt,) = await Erasure.filter(employee_id=she.employee.id)
            assert receipt.counts["ENROLMENT_PHOTOGRAPHS"] == 1
            assert await office.runtime.storage.names("enrolments") == []

    asyncio.run(story())


def test_one_erasure_worked_on_a_hundred_times_at_once_is_one_receipt(settings: Settings) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she, tools = await office.hire(), Tools(office.runtime, eyes_of(None))
            await she.consent()
            await she.enrol(registered(5))
            await she.withdraw()
            (claim,) = await outbox.claim(purge_faces.KIND.job, most=9, lease_seconds=60)
            await asyncio.gather(*(purge_faces.purge(tools, claim) for _ in range(100)))
            (receipt,) = await Erasure.filter(employee_id=she.employee.id)
            assert receipt.gone_at is not None
            assert receipt.counts["ENROLMENT_PHOTOGRAPHS"] == 1
            assert await office.runtime.storage.names("enrolments") == []
            again = await OutboxEntry.filter(job=purge_faces.KIND.job)
            assert len(again) == 1, "one look later for what was on its way then"

    asyncio.run(story())


def test_who_lost_the_lease_in_the_middle_changes_nothing(settings: Settings) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            await watch_settlements()
            record = await pending(office)
            tools = Tools(office.runtime, eyes_of(None))
            (slow,) = await outbox.claim(JOB, most=1, lease_seconds=60)
            assert await outbox.claim(JOB, most=1, lease_seconds=60) == []
            await OutboxEntry.filter(id=slow.entry_id).update(leased_until=datetime.now(UTC))
            (quick,) = await outbox.claim(JOB, most=1, lease_seconds=60)
            assert quick.attempt > slow.attempt
            assert await verify_check_in.verify(tools, slow)
            assert (await CheckIn.get(id=record.id)).state is CheckInState.PENDING
            assert await verify_check_in.verify(tools, quick)
            assert await verify_check_in.verify(tools, slow) is False  # nothing is left to settle
            assert await settlements(record) == 1

    asyncio.run(story())


def test_a_lease_is_renewed_while_the_work_goes_on(settings: Settings) -> None:
    async def story() -> None:
        async with open_office(settings.model_copy(update={"lease_seconds": 2})) as office:
            await pending(office)
            begun: list[Claim] = []

            async def slow(_: Tools, claim: Claim) -> bool:
                begun.append(claim)
                await asyncio.sleep(3)
                return False

            drains = [drain_of(office, Kind(JOB, slow)) for _ in range(2)]
            for _ in range(30):
                for drain in drains:
                    drain.answer()
                await asyncio.sleep(0.12)
            await asyncio.gather(*(drain.stop(5) for drain in drains))
            assert [claim.attempt for claim in begun] == [1]
            assert await outbox.outstanding() == 0

    asyncio.run(story())


class Blind:
    """An engine that breaks on every picture, as a damaged model would."""

    model_id = "broken@00000000"
    liveness_model_id = None

    def inspect(
        self, picture: Picture, *, embed: bool = True, liveness: bool = True, pose: bool = False
    ) -> FrameReport:
        raise RuntimeError("non-zero status code returned while running Conv node")


@pytest.mark.parametrize(
    ("failures", "engine"), [(TRIES - 1, Blind()), (MOST_DEATHS, Blind())], ids=["surprises", "deaths"]
)
def test_what_fails_time_and_again_is_left_to_people(
    settings: Settings, failures: int, engine: FaceEngine
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            record = await pending(office)
            await OutboxEntry.filter(subject_id=record.id).update(failures=failures)
            await worked_off(office, engine)
            record = await CheckIn.get(id=record.id)
            assert record.state is CheckInState.REVIEW
            assert codes(record.reasons)[0] == "FACE_NOT_CHECKED"

    asyncio.run(story())


def test_a_surprise_is_tried_again_after_a_growing_pause(settings: Settings) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            record = await pending(office)
            drain = drain_of(office, engine=Blind())
            for attempt, pause in ((1, 2), (2, 4), (3, 8)):
                drain.answer()
                entry = await entry_at(record.id, attempt)
                assert (
                    timedelta(seconds=pause - 1)
                    < entry.due_at - datetime.now(UTC)
                    <= timedelta(seconds=pause)
                )
                await OutboxEntry.filter(id=entry.id).update(due_at=datetime.now(UTC))
            assert (await CheckIn.get(id=record.id)).state is CheckInState.PENDING

    asyncio.run(story())


async def entry_at(subject_id: UUID, attempt: int) -> OutboxEntry:
    """The entry once its attempt is over and the lease given back."""
    async with asyncio.timeout(5):
        over = OutboxEntry.filter(subject_id=subject_id, attempts=attempt, leased_until__isnull=True)
        while not await over.exists():  # noqa: ASYNC110 - there is nothing to wait on but the row
            await asyncio.sleep(0.01)
        return await over.get()


def test_while_the_store_is_away_nothing_is_decided(settings: Settings) -> None:
    """However often: a store that cannot be reached says nothing about a photograph."""

    async def story() -> None:
        async with open_office(settings) as office:
            record = await pending(office)
            await OutboxEntry.filter(subject_id=record.id).update(attempts=50)

            async def away(_: Tools, claim: Claim) -> bool:
                raise Unavailable

            drain_of(office, Kind(JOB, away, verify_check_in.leave_to_people)).answer()
            entry = await entry_at(record.id, 51)
            assert entry.due_at - datetime.now(UTC) <= timedelta(seconds=10)
            assert (await CheckIn.get(id=record.id)).state is CheckInState.PENDING

    asyncio.run(story())


def test_stopping_gives_back_at_once_what_does_not_finish(settings: Settings) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            record = await pending(office)
            begun = asyncio.Event()

            async def endless(_: Tools, claim: Claim) -> bool:
                begun.set()
                await asyncio.sleep(3600)
                return False

            drain = drain_of(office, Kind(JOB, endless))
            drain.answer()
            await begun.wait()
            await drain.stop(0.1)
            entry = await OutboxEntry.get(subject_id=record.id)
            assert entry.leased_until is None
            assert entry.due_at <= datetime.now(UTC)
            drain.answer()  # too late: nothing is claimed any more
            await asyncio.sleep(0.1)
            assert (await OutboxEntry.get(subject_id=record.id)).attempts == 1

    asyncio.run(story())


def test_five_equal_submissions_are_one_record_and_one_verdict(settings: Settings) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            await watch_settlements()
            she = await office.hire()
            await she.has_template(bytes(2048), "none")
            sent = await she.submission(portrait(5))

            async def send() -> UUID:
                context = Context(office.runtime, she.actor, "id")
                return (await accept(context, sent))[0].id

            ids = await asyncio.gather(*(send() for _ in range(5)))
            await worked_off(office, None)
            assert len(set(ids)) == 1
            assert await settlements(await CheckIn.get(id=ids[0])) == 1

    asyncio.run(story())


def test_work_recorded_while_it_runs_runs_again(settings: Settings) -> None:
    """Otherwise what came after it had looked would never be seen."""

    async def story() -> None:
        async with open_office(settings) as office:
            begun, go_on, runs = asyncio.Event(), asyncio.Event(), 0

            async def look(_: Tools, claim: Claim) -> bool:
                nonlocal runs
                runs += 1
                begun.set()
                await go_on.wait()
                return False

            async def note() -> None:
                async with database.transaction() as using:
                    await outbox.record(using, "look", office.agency.id)

            drain = drain_of(office, Kind("look", look))
            await note()
            await note()
            drain.answer()
            await begun.wait()
            await note()
            go_on.set()
            drain.answer()
            await nothing_outstanding()
            await drain.stop(1)
            assert runs == 2

    asyncio.run(story())


def test_a_drain_holds_no_more_than_its_hands(settings: Settings) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            most, now = 0, 0

            async def count(_: Tools, claim: Claim) -> bool:
                nonlocal most, now
                now += 1
                most = max(most, now)
                await asyncio.sleep(0.005)
                now -= 1
                return False

            await OutboxEntry.bulk_create(
                OutboxEntry(job="count", subject_id=UUID(int=n), due_at=datetime.now(UTC)) for n in range(50)
            )
            drain = drain_of(office, Kind("count", count))
            drain.answer()
            await nothing_outstanding()
            await drain.stop(1)
            assert most == settings.worker_concurrency

    asyncio.run(story())
