"""A photograph that was sent before goes to a person, with the check-in it repeats; a new one does not."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import cv2
import numpy as np
import pytest

from api.attendance.models import CheckIn, CheckInState, FramePrint
from api.attendance.service import replays, settle
from api.biometrics.models import Enrolment, FaceTemplate, VouchDecision
from api.core.clock import utc_now
from api.core.policy import Role
from api.core.settings import Settings
from api.people.models import Agency, AgencyRule
from tests.pictures import mjpeg_file, portrait, registered, reshot, with_gps_exif
from tests.worker.jobs.office import (
    Office,
    Person,
    codes,
    eyes_of,
    found_office,
    open_office,
    vouched,
    worked_off,
)
from worker.jobs.kind import Tools
from worker.jobs.photographs import look
from worker.jobs.replays import compare
from worker.jobs.sweep import sweep
from worker.vision.engine import FaceEngine

SHE, SOMEBODY_ELSE = 5, 6
#: Re-shots of SOMEBODY_ELSE that the liveness model takes for living.
MOMENTS = range(6)


async def enrolled(office: Office, engine: FaceEngine, face: int = SHE) -> Person:
    who = await office.hire()
    await who.consent()
    await who.enrol(registered(face))
    await worked_off(office, engine)
    assert await FaceTemplate.filter(employee_id=who.employee.id).exists()
    return who


async def settled(office: Office, engine: FaceEngine | None, who: Person, *frames: bytes) -> CheckIn:
    record = await who.check_in(*frames)
    await worked_off(office, engine)
    return await CheckIn.get(id=record.id)


def face_of(record: CheckIn) -> dict[str, object]:
    found = record.evidence["face"]
    assert isinstance(found, dict)
    return found


def assert_repeats(record: CheckIn, earlier: CheckIn) -> None:
    assert record.state is CheckInState.REVIEW
    assert codes(record.reasons)[0] == "PHOTO_REPEATED"
    assert face_of(record)["resembles"] == str(earlier.id)


def changed(jpeg: bytes, change: Callable[[np.ndarray], np.ndarray], quality: int = 85) -> bytes:
    pixels = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return bytes(cv2.imencode(".jpg", change(pixels), [cv2.IMWRITE_JPEG_QUALITY, quality])[1])


def cropped(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    inner = pixels[height // 20 :, width // 20 :]
    return cv2.resize(inner, (width, height))


def test_the_same_file_again_is_shown_to_a_person(settings: Settings, engine: FaceEngine) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await enrolled(office, engine)
            first = await settled(office, engine, she, portrait(SHE))
            assert first.state is CheckInState.ACCEPTED
            again = await settled(office, engine, she, reshot(SHE, 0), portrait(SHE))
            assert_repeats(again, first)
            assert face_of(again)["likeness"] == 1.0
            assert (await CheckIn.get(id=first.id)).state is CheckInState.ACCEPTED

    asyncio.run(story())


AGAIN = pytest.mark.parametrize(
    "again",
    [
        lambda jpeg: changed(jpeg, np.asarray, 60),
        lambda jpeg: changed(jpeg, cropped),
        lambda jpeg: changed(jpeg, lambda pixels: cv2.flip(pixels, 1), 75),
        lambda jpeg: changed(jpeg, lambda pixels: cv2.flip(cropped(pixels), 1), 70),
        with_gps_exif,
    ],
    ids=["re-encoded", "cropped", "mirrored", "cropped-and-mirrored", "with-other-metadata"],
)


@AGAIN
def test_a_picture_of_the_file_is_shown_to_a_person(
    settings: Settings, engine: FaceEngine, again: Callable[[bytes], bytes]
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await enrolled(office, engine)
            # Others of hers lie before and after it, so that the right one has to be found.
            await settled(office, engine, she, reshot(SHE, 2))
            first = await settled(office, engine, she, portrait(SHE))
            await settled(office, engine, she, reshot(SHE, 3))
            record = await settled(office, engine, she, again(portrait(SHE)))
            assert record.state is CheckInState.REVIEW
            assert "PHOTO_REPEATED" in codes(record.reasons)
            assert face_of(record)["resembles"] == str(first.id)
            likeness = face_of(record)["likeness"]
            assert isinstance(likeness, float)
            assert 0.99 < likeness <= 1

    asyncio.run(story())


def assert_registered(record: CheckIn) -> None:
    assert record.state is CheckInState.REVIEW
    assert codes(record.reasons)[0] == "PHOTO_OF_ENROLMENT"
    assert face_of(record)["resembles"] is None


def test_the_registered_file_is_shown_to_a_person(settings: Settings, engine: FaceEngine) -> None:
    """Hers, whoever sends it; also when no model can look."""

    async def story() -> None:
        async with open_office(settings) as office:
            she, her_second = await enrolled(office, engine), await office.hire()
            await her_second.consent()
            await her_second.enrol(portrait(SHE))
            await worked_off(office, engine)
            assert_registered(await settled(office, engine, she, reshot(SHE, 3), registered(SHE)))
            assert_registered(await settled(office, engine, she, portrait(SHE)))
            unseen = await settled(office, None, her_second, portrait(SHE))
            assert codes(unseen.reasons)[:2] == ["FACE_NOT_CHECKED", "PHOTO_OF_ENROLMENT"]

    asyncio.run(story())


@AGAIN
def test_a_picture_of_the_registered_photograph_is_shown_to_a_person(
    settings: Settings, engine: FaceEngine, again: Callable[[bytes], bytes]
) -> None:
    """However long ago that was."""

    async def story() -> None:
        async with open_office(settings) as office:
            she = await office.hire()
            await she.consent()
            await she.enrol(registered(SHE), portrait(SHE))
            await worked_off(office, engine)
            long_ago = utc_now() - timedelta(days=400)
            await FramePrint.all().update(received_at=long_ago)
            await sweep({"tools": Tools(office.runtime, eyes_of(None))})
            assert_registered(await settled(office, engine, she, again(portrait(SHE))))

    asyncio.run(story())


def test_prints_go_when_they_are_no_longer_compared(settings: Settings, engine: FaceEngine) -> None:
    """After what the agency has set; what is registered is compared as long as it holds."""

    async def story() -> None:
        async with open_office(settings) as office:
            strict, broken = await found_office(office.runtime), await found_office(office.runtime)
            await AgencyRule.filter(agency=strict.agency, topic="face").update(
                parameters={"replay_window_days": 30}
            )
            await AgencyRule.filter(agency=broken.agency, topic="face").update(
                parameters={"replay_window_days": 0}
            )
            days = {}
            for where in (office, strict, broken):
                she = await where.hire()
                await she.consent()
                for old in (29, 31, 89, 91):
                    made = await CheckIn.create(
                        agency=where.agency, employee=she.employee, unit=where.unit, kind="IN",
                        state="ACCEPTED", day=utc_now().date(), received_at=utc_now() - timedelta(days=old),
                        settled_at=utc_now(), idempotency_key=uuid4().hex, content_digest=bytes(32),
                        frames=["frames/none"], fixes=[],
                    )  # fmt: skip
                    await replays.keep(made, [replays.Mark(0, made.id.bytes * 2, bytes(48), bytes(48))])
                    days[made.id] = (where.unit.id, old)
            for state in ("ACTIVE", "REPLACED"):
                enrolment = await Enrolment.create(
                    agency=office.agency, employee=she.employee, state=state, photos=[],
                    created_at=utc_now() - timedelta(days=91),
                )  # fmt: skip
                await replays.keep_enrolled(enrolment, [replays.Mark(0, bytes(32), bytes(48), bytes(48))])
            await asyncio.gather(*(sweep({"tools": Tools(office.runtime, eyes_of(None))}) for _ in "12"))
            rows = await FramePrint.all().select_related("enrolment")
            gone = {
                days.get(row.check_in_id, (office.unit.id, "REPLACED")) for row in rows if row.print is None
            }
            assert gone == {
                (office.unit.id, 91),
                (office.unit.id, "REPLACED"),
                *((strict.unit.id, old) for old in (31, 89, 91)),
            }
            assert {row.enrolment.state for row in rows if row.enrolment and row.print} == {"ACTIVE"}
            assert len(rows) == 14
            assert all(len(row.digest) == 32 for row in rows)

    asyncio.run(story())


def test_two_moments_of_one_film_are_a_replay(
    settings: Settings, engine: FaceEngine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A film that runs before the camera in a loop shows one exposure again and again."""
    film = mjpeg_file(tmp_path_factory.mktemp("film") / "face.mjpeg", portrait(SOMEBODY_ELSE), frames=9)
    frames = [b"\xff\xd8\xff" + part for part in film.read_bytes().split(b"\xff\xd8\xff")[1:]]

    async def story() -> None:
        async with open_office(settings) as office:
            he = await enrolled(office, engine, SOMEBODY_ELSE)
            first = await settled(office, engine, he, frames[0])
            assert_repeats(await settled(office, engine, he, frames[5]), first)

    asyncio.run(story())


def test_a_new_photograph_each_time_passes(settings: Settings, engine: FaceEngine) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            he = await enrolled(office, engine, SOMEBODY_ELSE)
            for moment in MOMENTS:
                record = await settled(office, engine, he, reshot(SOMEBODY_ELSE, moment))
                assert record.state is CheckInState.ACCEPTED, (moment, record.reasons)
                assert face_of(record)["resembles"] is None
            # They are like enough to have been laid one over the other.
            assert face_of(record)["likeness"] is not None

    asyncio.run(story())


def test_another_person_s_file_is_found(settings: Settings, engine: FaceEngine) -> None:
    """Sent by a stranger's account, and by one that has her face enrolled."""

    async def story() -> None:
        async with open_office(settings) as office:
            she, her_second = await enrolled(office, engine), await enrolled(office, engine)
            waiting = await Enrolment.get(employee_id=her_second.employee.id)
            await vouched(office, waiting, VouchDecision.CONFIRM, Role.HR_ADMIN)
            he = await enrolled(office, engine, SOMEBODY_ELSE)
            first = await settled(office, engine, she, portrait(SHE))
            his = await settled(office, engine, he, portrait(SHE))
            assert his.state is CheckInState.REFUSED
            assert codes(his.reasons)[:2] == ["FACE_DIFFERENT", "PHOTO_REPEATED"]
            assert face_of(his)["resembles"] == str(first.id)
            assert_repeats(await settled(office, engine, her_second, portrait(SHE)), first)

    asyncio.run(story())


def test_another_agency_s_photographs_are_not_looked_at(settings: Settings, engine: FaceEngine) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            elsewhere = await found_office(office.runtime)
            assert await Agency.all().count() == 2
            she, there = await enrolled(office, engine), await enrolled(elsewhere, engine)
            await settled(office, engine, she, portrait(SHE))
            record = await settled(elsewhere, engine, there, portrait(SHE))
            assert record.state is CheckInState.ACCEPTED

    asyncio.run(story())


def test_a_job_that_is_run_again_does_not_find_itself(settings: Settings, engine: FaceEngine) -> None:
    """Killed after it had kept the prints, before its verdict."""

    async def story() -> None:
        async with open_office(settings) as office:
            she = await enrolled(office, engine)
            record = await she.check_in(portrait(SHE), reshot(SHE, 0))
            tools = Tools(office.runtime, eyes_of(engine))
            case = await settle.open_case(record.id)
            assert case is not None
            seen = [await look(tools, key, liveness=True) for key in record.frames]
            for _ in range(2):
                past = await compare(tools, case, seen)
                assert (past.complete, past.nearest) == (True, None)
            await worked_off(office, engine)
            assert (await CheckIn.get(id=record.id)).state is CheckInState.ACCEPTED
            assert await FramePrint.filter(check_in_id=record.id).count() == 2

    asyncio.run(story())


def test_of_two_sent_at_once_no_more_than_one_passes(settings: Settings, engine: FaceEngine) -> None:
    """The same file from two accounts, and one picture twice from one."""

    async def story() -> None:
        async with open_office(settings) as office:
            she, her_second = await enrolled(office, engine), await enrolled(office, engine)
            he = await enrolled(office, engine, SOMEBODY_ELSE)
            mirrored = changed(portrait(SOMEBODY_ELSE), lambda pixels: cv2.flip(pixels, 1))
            pairs = [
                [await she.check_in(portrait(SHE)), await her_second.check_in(portrait(SHE))],
                [await he.check_in(portrait(SOMEBODY_ELSE)), await he.check_in(mirrored)],
            ]
            await worked_off(office, engine)
            for pair in pairs:
                found = await CheckIn.filter(id__in=[record.id for record in pair])
                # One device with two accounts sends both to a person, for that reason alone.
                again = [record for record in found if "PHOTO_REPEATED" in codes(record.reasons)]
                assert again
                for record in again:
                    (other,) = (str(one.id) for one in pair if one.id != record.id)
                    assert face_of(record)["resembles"] == other
                    assert record.state is CheckInState.REVIEW

    asyncio.run(story())


def test_an_earlier_photograph_that_is_gone_cannot_be_compared(
    settings: Settings, engine: FaceEngine
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await enrolled(office, engine)
            first = await settled(office, engine, she, portrait(SHE))
            await office.runtime.storage.delete(first.frames)
            record = await settled(office, engine, she, changed(portrait(SHE), np.asarray))
            assert record.state is CheckInState.REVIEW
            assert codes(record.reasons)[0] == "PHOTO_NOT_COMPARED"
            assert_repeats(await settled(office, engine, she, portrait(SHE)), first)

    asyncio.run(story())


def test_after_its_time_only_the_very_file_is_known(settings: Settings, engine: FaceEngine) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await enrolled(office, engine)
            first = await settled(office, engine, she, portrait(SHE))
            long_ago = first.received_at - timedelta(days=91)
            await FramePrint.filter(check_in_id=first.id).update(received_at=long_ago)
            assert_repeats(await settled(office, engine, she, portrait(SHE)), first)
            await FramePrint.filter(check_in_id__not=first.id).delete()
            record = await settled(office, engine, she, changed(portrait(SHE), np.asarray))
            assert record.state is CheckInState.ACCEPTED

    asyncio.run(story())


def test_without_models_the_very_file_is_known_too(settings: Settings, engine: FaceEngine) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await enrolled(office, engine)
            first = await settled(office, None, she, portrait(SHE))
            assert codes(first.reasons)[0] == "FACE_NOT_CHECKED"
            again = await settled(office, None, she, portrait(SHE))
            assert codes(again.reasons)[:2] == ["FACE_NOT_CHECKED", "PHOTO_REPEATED"]
            assert_repeats(await settled(office, engine, she, portrait(SHE)), first)

    asyncio.run(story())


def test_without_consent_no_print_is_kept(settings: Settings, engine: FaceEngine) -> None:
    """Withdrawn while the check-in waited: its photograph's file is known, her face is not."""

    async def story() -> None:
        async with open_office(settings) as office:
            she = await enrolled(office, engine)
            record = await she.check_in(portrait(SHE))
            await she.withdraw()
            await worked_off(office, engine)
            kept = await FramePrint.get(check_in_id=record.id)
            assert kept.print is None
            assert len(kept.digest) == 32

    asyncio.run(story())
