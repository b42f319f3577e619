"""Photographs become templates, or go back with a reason each."""

import asyncio
from collections.abc import Sequence

import pytest

from api.biometrics.models import Enrolment, EnrolmentState, FaceTemplate
from api.biometrics.sealing import open_template
from api.core import outbox
from api.core.crypto import is_sealed
from api.core.settings import Settings
from tests.pictures import dark, no_face, portrait, second_portrait, two_faces, with_gps_exif
from tests.worker.jobs.office import Office, Person, codes, eyes_of, open_office, worked_off
from worker.faces import embedding_from
from worker.jobs import enrol_face
from worker.jobs.kind import Tools
from worker.vision.engine import FaceEngine, similarity

SHE, SOMEBODY_ELSE = 5, 6


async def enrolment_of(
    office: Office, engine: FaceEngine | None, person: Person, *photos: bytes
) -> Enrolment:
    made = await person.enrol(*photos)
    await worked_off(office, engine)
    return await Enrolment.get(id=made.id)


def reasons(enrolment: Enrolment) -> list[list[str]]:
    return [codes(photo["reasons"]) for photo in enrolment.photos]


def test_usable_photographs_replace_the_templates_before(settings: Settings, engine: FaceEngine) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await office.hire()
            await she.consent()
            first = await enrolment_of(office, engine, she, portrait(SHE))
            second = await enrolment_of(office, engine, she, second_portrait(SHE), portrait(SHE))
            assert (second.state, second.model_id) == (EnrolmentState.ACTIVE, engine.model_id)
            assert [photo["accepted"] for photo in second.photos] == [True, True]
            assert (await Enrolment.get(id=first.id)).state is EnrolmentState.REPLACED
            templates = await FaceTemplate.filter(employee_id=she.employee.id).order_by("photo_key")
            assert [row.photo_key for row in templates] == [photo["key"] for photo in second.photos]
            kept = [embedding_from(open_template(office.runtime, row)) for row in templates]
            assert kept[0].shape == (512,)
            assert 0.6 < similarity(*kept) < 1
            assert all(is_sealed(bytes(row.sealed)) for row in templates)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("photos", "expected"),
    [
        ([no_face()], [["NO_FACE"]]),
        ([portrait(SHE), dark(portrait(SHE))], [[], ["FACE_TOO_DARK", "FACE_BLURRED"]]),
        ([two_faces(), b"no picture"], [["SEVERAL_FACES"], ["PHOTO_UNREADABLE"]]),
        (
            [no_face(), portrait(SHE), portrait(SOMEBODY_ELSE), second_portrait(SHE)],
            [["NO_FACE"], [], ["PHOTO_OTHER_PERSON"], []],
        ),
    ],
    ids=["no-face", "dark", "two-and-none", "another-person-among-them"],
)
def test_each_photograph_gets_its_own_reason(
    settings: Settings, engine: FaceEngine, photos: Sequence[bytes], expected: list[list[str]]
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await office.hire()
            await she.consent()
            enrolment = await enrolment_of(office, engine, she, *photos)
            assert enrolment.state is EnrolmentState.REFUSED
            assert reasons(enrolment) == expected
            assert [photo["accepted"] for photo in enrolment.photos] == [not codes for codes in expected]
            for photo, given in zip(enrolment.photos, expected, strict=True):
                for reason in photo["reasons"]:
                    if given == ["PHOTO_OTHER_PERSON"]:
                        assert reason["params"] == {"photo": 3}
            assert not await FaceTemplate.filter(employee_id=she.employee.id).exists()

    asyncio.run(story())


def test_who_is_enrolled_cannot_lend_the_account_to_another_face(
    settings: Settings, engine: FaceEngine
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await office.hire()
            await she.consent()
            await enrolment_of(office, engine, she, portrait(SHE))
            before = await FaceTemplate.get(employee_id=she.employee.id)
            other = await enrolment_of(office, engine, she, portrait(SOMEBODY_ELSE))
            assert other.state is EnrolmentState.REFUSED
            assert reasons(other) == [["PHOTO_OTHER_PERSON"]]
            assert await FaceTemplate.get(employee_id=she.employee.id) == before
            # Neither by breaking the template first.
            await FaceTemplate.filter(id=before.id).update(sealed=bytes(before.sealed)[:-1] + b"?")
            broken = await enrolment_of(office, engine, she, portrait(SOMEBODY_ELSE))
            assert broken.state is EnrolmentState.REFUSED
            # Of another model's template nothing can be said: then a person says whose face it is.
            await FaceTemplate.filter(id=before.id).update(model_id="former@00000000")
            renewed = await enrolment_of(office, engine, she, portrait(SHE))
            assert renewed.state is EnrolmentState.AWAITING
            assert await FaceTemplate.filter(id=before.id).exists()

    asyncio.run(story())


def test_without_models_nobody_is_enrolled(settings: Settings) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await office.hire()
            await she.consent()
            enrolment = await enrolment_of(office, None, she, portrait(SHE), b"no picture")
            assert enrolment.state is EnrolmentState.REFUSED
            assert reasons(enrolment) == [["POSE_NOT_CHECKED"], ["PHOTO_UNREADABLE"]]

    asyncio.run(story())


def test_what_fails_time_and_again_is_sent_back(settings: Settings) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await office.hire()
            await she.consent()
            made = await she.enrol(portrait(SHE))
            (claim,) = await outbox.claim(enrol_face.KIND.job, most=1, lease_seconds=60)
            assert await enrol_face.send_back(Tools(office.runtime, eyes_of(None)), claim)
            enrolment = await Enrolment.get(id=made.id)
            assert enrolment.state is EnrolmentState.REFUSED
            assert reasons(enrolment) == [["POSE_NOT_CHECKED"]]
            assert await outbox.outstanding() == 0

    asyncio.run(story())


def test_a_withdrawal_before_the_end_leaves_no_template(settings: Settings, engine: FaceEngine) -> None:
    """Also when both happen at the very same time: one waits for the other."""

    async def story() -> None:
        async with open_office(settings) as office:
            for pause in (0.0, 0.02, 0.04, 0.05, 0.06, 0.07, 0.08):
                she = await office.hire()
                await she.consent()
                await she.enrol(portrait(SHE))
                (claim,) = await outbox.claim(enrol_face.KIND.job, most=1, lease_seconds=60)

                async def withdraw(person: Person = she, pause: float = pause) -> None:
                    await asyncio.sleep(pause)
                    await person.withdraw()

                tools = Tools(office.runtime, eyes_of(engine))
                await asyncio.gather(enrol_face.enrol(tools, claim), withdraw())
                assert not await FaceTemplate.filter(employee_id=she.employee.id).exists()

    asyncio.run(story())


def test_a_photograph_lies_sealed_and_without_its_position(settings: Settings, engine: FaceEngine) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await office.hire()
            await she.consent()
            made = await she.enrol(with_gps_exif(portrait(SHE), orientation=6))
            await worked_off(office, engine)
            key = made.photos[0]["key"]
            assert is_sealed((settings.data_dir / "store" / key).read_bytes())
            assert b"Exif" not in await office.runtime.storage.get(key)

    asyncio.run(story())
