"""One face, two names: found at enrolment in the whole agency, and never overlooked in silence."""

import asyncio
import base64
import os
from uuid import UUID

import asyncpg
import numpy as np
import pytest

from api.biometrics import service as biometrics
from api.biometrics.models import Enrolment, EnrolmentState, FaceTemplate, FaceVector, Likeness
from api.biometrics.search import write_missing
from api.core import database
from api.core.runtime import open_runtime
from api.core.settings import Settings
from api.rotation import rotate
from tests.pictures import registered, reshot
from tests.worker.jobs.office import Office, Person, found_office, open_office, worked_off
from worker.vision.engine import FaceEngine

SHE, SOMEBODY_ELSE = 5, 6


async def enrolled(office: Office, engine: FaceEngine, photo: bytes, who: Person | None = None) -> Enrolment:
    person = who or await office.hire()
    await person.consent()
    made = await person.enrol(photo)
    await worked_off(office, engine)
    return await Enrolment.get(id=made.id)


async def found_with(enrolment: Enrolment) -> list[UUID]:
    return [row.employee_id for row in await Likeness.filter(enrolment_id=enrolment.id)]


def test_who_is_enrolled_already_is_named_and_a_person_decides(
    settings: Settings, engine: FaceEngine
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            first = await enrolled(office, engine, registered(SHE))
            other = await enrolled(office, engine, registered(SOMEBODY_ELSE))
            for clean in (first, other):
                assert clean.state is EnrolmentState.ACTIVE
                assert clean.search_threshold == 0.55
                assert await found_with(clean) == []
            twin = await enrolled(office, engine, reshot(SHE, 3))
            assert twin.state is EnrolmentState.AWAITING  # though this agency lets first ones count at once
            assert await found_with(twin) == [first.employee_id]
            (row,) = await Likeness.all()
            assert 0.55 <= row.similarity <= 1.001

    asyncio.run(story())


def test_ones_own_face_again_and_that_of_another_agency_are_nothing_to_tell(
    settings: Settings, engine: FaceEngine
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await office.hire()
            for photo in (registered(SHE), reshot(SHE, 3)):
                assert (await enrolled(office, engine, photo, she)).state is EnrolmentState.ACTIVE
            elsewhere = await found_office(office.runtime)
            assert (await enrolled(elsewhere, engine, reshot(SHE, 1))).state is EnrolmentState.ACTIVE
            assert not await Likeness.exists()

    asyncio.run(story())


def test_two_who_enrol_one_face_at_the_same_time_are_found(settings: Settings, engine: FaceEngine) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            for number in range(3):
                people = [await office.hire(), await office.hire()]
                for person, photo in zip(people, (registered(SHE), reshot(SHE, number)), strict=True):
                    await person.consent()
                    await person.enrol(photo)
                await worked_off(office, engine)
                rows = await Enrolment.filter(employee_id__in=[who.employee.id for who in people])
                assert EnrolmentState.AWAITING in {row.state for row in rows}
                assert [await found_with(row) for row in rows] != [[], []]
                for person in people:
                    await person.withdraw()
                await worked_off(office, engine)

    asyncio.run(story())


def test_without_pgvector_it_is_not_checked_and_a_person_decides(
    settings: Settings, engine: FaceEngine
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            await database.connection().execute_script("DROP EXTENSION vector")
            first = await enrolled(office, engine, registered(SHE))
            assert (first.state, first.search_threshold) == (EnrolmentState.AWAITING, None)
            # Installed later, it finds what was enrolled before.
            await database.connection().execute_script("CREATE EXTENSION vector")
            twin = await enrolled(office, engine, reshot(SHE, 3))
            assert await found_with(twin) == [first.employee_id]

    asyncio.run(story())


def test_templates_older_than_vectors_are_found_and_one_that_does_not_open_is_no_nobody(
    settings: Settings, engine: FaceEngine
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            first = await enrolled(office, engine, registered(SHE))
            await FaceVector.all().delete()
            twin = await enrolled(office, engine, reshot(SHE, 3))
            assert await found_with(twin) == [first.employee_id]
            row = await FaceTemplate.get(enrolment_id=first.id)
            await FaceVector.filter(template_id=row.id).delete()
            await FaceTemplate.filter(id=row.id).update(sealed=bytes(row.sealed)[:-1] + b"\0")
            unsure = await enrolled(office, engine, registered(SOMEBODY_ELSE))
            assert (unsure.state, unsure.search_threshold) == (EnrolmentState.AWAITING, None)

    asyncio.run(story())


def test_vectors_follow_the_key_and_go_with_the_consent(settings: Settings, engine: FaceEngine) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await office.hire()
            await enrolled(office, engine, registered(SHE), she)
            (before,) = await FaceVector.all().values()
            embedding, _ = await she.template()
            agency = office
        fresh = f"new:{base64.b64encode(os.urandom(32)).decode()},{settings.keys}"
        async with open_runtime(settings.model_copy(update={"keys": fresh})) as runtime:
            await rotate(runtime)
            (after,) = await FaceVector.all().values()
            assert (before["key_id"], after["key_id"]) == ("test", "new")
            plain = np.frombuffer(embedding, "<f4")
            for one, other in (
                (before["turned"], after["turned"]),
                (before["turned"], plain),
                (after["turned"], plain),
            ):
                assert abs(float(np.dot(np.array(one), np.array(other)))) < 0.3
            assert await write_missing(runtime) == 0
            moved = Office(runtime, agency.agency, agency.unit, agency.location)
            twin = await enrolled(moved, engine, reshot(SHE, 3))
            assert await found_with(twin) == [she.employee.id]
            await biometrics.withdraw_consent(
                Person(runtime, she.employee, she.actor).context, biometrics.Purpose.FACE_RECOGNITION
            )
            assert {row.employee_id for row in await FaceVector.all()} == {twin.employee_id}
            assert not await Likeness.exists()

    asyncio.run(story())


@pytest.mark.anyio
async def test_whoever_may_not_install_pgvector_can_migrate(blank_database_url: str) -> None:
    """pgvector is not trusted: only a superuser installs it."""
    from urllib.parse import urlsplit

    from api.core.database import migrate
    from tests.api.migrations.test_migrations import settings_of

    connection = await asyncpg.connect(blank_database_url)
    parts = urlsplit(blank_database_url)
    try:
        await connection.execute("CREATE ROLE office LOGIN PASSWORD 'office'")
        await connection.execute("GRANT CREATE ON SCHEMA public TO office")
        await migrate(settings_of(blank_database_url.replace(parts.netloc.split("@")[0], "office:office")))
        assert await connection.fetchval("SELECT to_regtype('vector')") is None
        assert await connection.fetchval("SELECT to_regclass('face_vector')") is not None
    finally:
        await connection.execute("DROP OWNED BY office")
        await connection.execute("DROP ROLE office")
        await connection.close()


def test_who_is_enrolled_with_another_model_cannot_be_ruled_out(
    settings: Settings, engine: FaceEngine
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            old = await office.hire()
            row = await old.has_template(np.eye(1, 512, dtype="<f4").tobytes(), "an-older-model")
            unsure = await enrolled(office, engine, registered(SHE))
            assert (unsure.state, unsure.search_threshold) == (EnrolmentState.AWAITING, None)
            await FaceTemplate.filter(id=row.id).delete()
            assert (await enrolled(office, engine, registered(SOMEBODY_ELSE))).search_threshold == 0.55

    asyncio.run(story())
