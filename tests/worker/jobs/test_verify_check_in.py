"""A submission becomes a verdict: with the real models, the real store, and whatever can lie in it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from api.attendance.models import AttendanceDay, CheckIn, CheckInState, Presence
from api.biometrics.models import FaceTemplate
from api.core import outbox
from api.core.crypto import is_sealed
from api.core.settings import Settings
from api.people.service import forget_rules
from tests.pictures import (
    blurred,
    bomb_jpeg,
    dark,
    no_face,
    on_a_screen,
    png_named_jpg,
    polyglot,
    portrait,
    printed_page,
    registered,
    second_portrait,
    tight_crop,
    truncated,
    two_faces,
    video_bytes,
    with_gps_exif,
)
from tests.worker.jobs.office import Office, Person, codes, open_office, worked_off
from worker.faces import open_eyes
from worker.vision.engine import FaceEngine

#: Two of STEADY whose second portrait is well framed too.
SHE, SOMEBODY_ELSE = 5, 6


async def enrolled(office: Office, engine: FaceEngine, person: int = SHE) -> Person:
    who = await office.hire()
    await who.consent()
    await who.enrol(registered(person))
    await worked_off(office, engine)
    assert await FaceTemplate.filter(employee_id=who.employee.id).count() == 1
    return who


async def settled(office: Office, engine: FaceEngine | None, record: CheckIn) -> CheckIn:
    await worked_off(office, engine)
    return await CheckIn.get(id=record.id)


def test_the_same_person_is_accepted_and_her_day_begins(settings: Settings, engine: FaceEngine) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await enrolled(office, engine)
            record = await settled(office, engine, await she.check_in(second_portrait(SHE), portrait(SHE)))
            assert record.state is CheckInState.ACCEPTED
            assert codes(record.reasons) == ["FACE_MATCHED", "POSITION_INSIDE"]
            face = record.evidence["face"]
            assert isinstance(face, dict)
            assert face["matched"] is True
            assert face["similarity"] > face["threshold"]
            assert (face["modelId"], face["livenessModelId"]) == (engine.model_id, engine.liveness_model_id)
            assert record.receipt is not None
            assert record.location_id == office.location.id
            day = await AttendanceDay.get(employee_id=she.employee.id)
            assert day.presence is Presence.IN

    asyncio.run(story())


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (lambda: portrait(SOMEBODY_ELSE), "FACE_DIFFERENT"),
        (lambda: printed_page(portrait(SHE)), "LIVENESS_UNCONFIRMED"),
        (lambda: on_a_screen(portrait(SHE)), "LIVENESS_UNCONFIRMED"),
        (two_faces, "SEVERAL_FACES"),
        (no_face, "NO_FACE"),
        (lambda: dark(portrait(SHE)), "FACE_TOO_DARK"),
        (lambda: blurred(portrait(SHE)), "FACE_BLURRED"),
        (lambda: tight_crop(portrait(SHE)), "FACE_TOO_CLOSE"),
        (lambda: truncated(portrait(SHE)), "PHOTO_UNREADABLE"),
        (bomb_jpeg, "PHOTO_UNREADABLE"),
        (png_named_jpg, "PHOTO_UNREADABLE"),
        (video_bytes, "PHOTO_UNREADABLE"),
    ],
    ids=[
        "other-person",
        "print",
        "screen",
        "two-faces",
        "no-face",
        "dark",
        "blurred",
        "too-near",
        "truncated",
        "bomb",
        "png",
        "video",
    ],
)
def test_whatever_is_not_her_before_the_camera_is_refused(
    settings: Settings, engine: FaceEngine, picture: Callable[[], bytes], reason: str
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await enrolled(office, engine)
            record = await settled(office, engine, await she.check_in(picture()))
            assert record.state is CheckInState.REFUSED
            assert codes(record.reasons)[0] == reason

    asyncio.run(story())


def test_one_foreign_frame_among_good_ones_is_no_pass(settings: Settings, engine: FaceEngine) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await enrolled(office, engine)
            frames = [portrait(SHE), portrait(SOMEBODY_ELSE), second_portrait(SHE)]
            record = await settled(office, engine, await she.check_in(*frames))
            assert record.state is CheckInState.REVIEW
            assert codes(record.reasons)[0] == "FRAMES_DISAGREE"

    asyncio.run(story())


def test_without_models_people_decide(settings: Settings, engine: FaceEngine, tmp_path: Path) -> None:
    """Missing, and there but damaged: neither is a pass, and neither leaves anybody waiting."""
    damaged = tmp_path / "models" / "damaged"
    damaged.mkdir(parents=True)
    for name in ("detection.onnx", "recognition.onnx", "manifest.json"):
        (damaged / name).write_bytes(b"{}")

    async def story(pack: Path) -> None:
        async with open_office(settings) as office:
            she = await enrolled(office, engine)
            record = await she.check_in(portrait(SHE))
            async with open_eyes(pack, settings.upload_max_bytes) as eyes:
                assert eyes.engine is None
                record = await settled(office, eyes.engine, record)
            assert record.state is CheckInState.REVIEW
            assert codes(record.reasons)[0] == "FACE_NOT_CHECKED"

    asyncio.run(story(tmp_path / "nowhere"))
    asyncio.run(story(damaged))


def test_templates_of_another_model_are_not_compared(settings: Settings, engine: FaceEngine) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await enrolled(office, engine)
            await FaceTemplate.filter(employee_id=she.employee.id).update(model_id="another@00000000")
            record = await settled(office, engine, await she.check_in(portrait(SHE)))
            assert record.state is CheckInState.REVIEW
            assert codes(record.reasons)[0] == "MATCH_NOT_CHECKED"

    asyncio.run(story())


def test_a_template_that_was_altered_or_moved_opens_no_door(settings: Settings, engine: FaceEngine) -> None:
    """He who can write to the database puts his own template into her row, or flips a bit of hers."""

    async def story() -> None:
        async with open_office(settings) as office:
            she = await enrolled(office, engine)
            he = await enrolled(office, engine, SOMEBODY_ELSE)
            hers, his = [await FaceTemplate.get(employee_id=who.employee.id) for who in (she, he)]
            flipped = bytearray(hers.sealed)
            flipped[-20] ^= 1
            for sealed in (bytes(his.sealed), bytes(flipped), b"", b"\0" * 2048):
                await FaceTemplate.filter(id=hers.id).update(sealed=sealed)
                record = await settled(office, engine, await she.check_in(portrait(SOMEBODY_ELSE)))
                assert record.state is CheckInState.REVIEW
                assert codes(record.reasons)[0] == "MATCH_NOT_CHECKED"

    asyncio.run(story())


def test_a_photograph_exchanged_after_it_was_accepted_is_refused(
    settings: Settings, engine: FaceEngine
) -> None:
    """A sealed object of another name, an altered one, one that is gone, and one that grew."""
    store = settings.data_dir / "store"

    async def story() -> None:
        async with open_office(settings) as office:
            she = await enrolled(office, engine)
            good = await she.check_in(portrait(SHE))
            other = (store / good.frames[0]).read_bytes()
            for spoil in (
                lambda path: path.write_bytes(other),
                lambda path: path.write_bytes(path.read_bytes()[:-1] + b"?"),
                lambda path: path.unlink(),
                lambda path: path.write_bytes(portrait(SHE) + bytes(settings.upload_max_bytes)),
            ):
                record = await she.check_in(portrait(SHE))
                spoil(store / record.frames[0])
                record = await settled(office, engine, record)
                assert record.state is CheckInState.REFUSED
                assert codes(record.reasons)[0] == "PHOTO_UNREADABLE"
            assert (await CheckIn.get(id=good.id)).state is CheckInState.ACCEPTED

    asyncio.run(story())


@pytest.mark.parametrize("seen", [True, False], ids=["with-models", "without"])
def test_what_lies_in_the_store_afterwards_is_sealed_and_only_the_picture(
    settings: Settings, engine: FaceEngine, seen: bool
) -> None:
    """As a phone's presigned upload leaves it: unsealed, with its position, with a second file in it."""
    store = settings.data_dir / "store"

    async def story() -> None:
        async with open_office(settings) as office:
            she = await enrolled(office, engine)
            for picture in (
                with_gps_exif(portrait(SHE)),
                polyglot(portrait(SHE)),
                portrait(SHE),
                b"\xff\xd8 no",
            ):
                record = await she.check_in(picture)
                path = store / record.frames[0]
                path.write_bytes(picture)
                await settled(office, engine if seen else None, record)
                assert is_sealed(path.read_bytes())
                kept = await office.runtime.storage.get(record.frames[0])
                assert b"Exif" not in kept
                assert b"PK\x03\x04" not in kept

    asyncio.run(story())


def test_what_is_settled_or_unknown_is_struck_out(settings: Settings) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await office.hire()
            await she.has_template(b"\0" * 2048, "none")
            record = await settled(office, None, await she.check_in(portrait(SHE)))
            async with outbox.database.transaction() as using:
                await outbox.record(using, "verify_check_in", record.id)
                await outbox.record(using, "verify_check_in", she.employee.id)
            again = await settled(office, None, record)
            assert (again.settled_at, again.receipt) == (record.settled_at, record.receipt)

    forget_rules()
    asyncio.run(story())
