"""Positions that are not plain, from the mutation through the worker with the real models to the verdict."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from api.attendance.models import CheckIn, CheckInState
from api.core.settings import Settings
from api.schema import schema
from api.sites.models import SiteDisturbance
from tests.pictures import portrait, second_portrait
from tests.worker.jobs.office import LATITUDE, LONGITUDE, Office, Person, codes, open_office, worked_off
from tests.worker.jobs.test_verify_check_in import SHE, enrolled
from worker.vision.engine import FaceEngine

SUBMIT = """
mutation($input: CheckInInput!) { checkIn(input: $input) {
  __typename ... on CheckInAccepted { checkIn { id } } } }
"""
POINT = {"latitude": LATITUDE + 1e-7, "longitude": LONGITUDE + 1e-7}
DEGREE_KM = 111.2

#: What is sent instead → the answer of the mutation where it is refused there.
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"latitude": float("nan")}, "error"),
    ({"longitude": float("inf")}, "error"),
    ({"latitude": 200.0}, "InvalidInput"),
    ({"longitude": -180.5}, "InvalidInput"),
    ({"time": timedelta(hours=-24)}, "PositionUnusable"),
    ({"time": timedelta(hours=24)}, "PositionUnusable"),
]
#: … and what the worker finds where it is taken. The last three come from one point.
FOUND: list[tuple[dict[str, Any], str]] = [
    ({"latitude": 0.0, "longitude": 0.0}, "POSITION_ZERO"),
    ({"accuracyMetres": 0.0}, "ACCURACY_MISSING"),
    ({"accuracyMetres": None}, "ACCURACY_MISSING"),
    (POINT, ""),
    (POINT, ""),
    (POINT, "COORDINATES_REPEATED"),
]


async def sent(person: Person, photo: bytes, **changes: Any) -> str:
    """The id of the check-in, or what refused it."""
    given = await person.submission(photo)
    now = datetime.now(UTC)
    fix: dict[str, Any] = {
        "latitude": given.fixes[0].latitude,
        "longitude": given.fixes[0].longitude,
        "accuracyMetres": given.fixes[0].accuracy,
        **changes,
        "time": (now + changes.get("time", timedelta(seconds=-1))).isoformat(),
    }
    value = {
        "nonce": given.nonce,
        "frames": given.frames,
        "fixes": [fix],
        "idempotencyKey": secrets.token_hex(16),
        "deviceId": given.device_id,
    }
    result = await schema.execute(SUBMIT, {"input": value}, person.context)
    if result.errors or result.data is None:
        return "error"
    answer = result.data["checkIn"]
    return str(answer["checkIn"]["id"] if answer["__typename"] == "CheckInAccepted" else answer["__typename"])


def with_office(settings: Settings, story: Callable[[Office], Awaitable[None]]) -> None:
    async def run() -> None:
        async with open_office(settings) as office:
            await story(office)

    asyncio.run(run())


def test_no_position_is_an_open_door(settings: Settings, engine: FaceEngine) -> None:
    async def story(office: Office) -> None:
        she = await enrolled(office, engine)
        for changes, answer in REFUSED:
            assert await sent(she, portrait(SHE), **changes) == answer, changes
        assert await CheckIn.all().count() == 0
        for changes, code in FOUND:
            made = await sent(she, second_portrait(SHE), **changes)
            await worked_off(office, engine)
            row = await CheckIn.get(id=made)
            position = {c for c in codes(row.reasons) if not c.startswith(("FACE", "PHOTO"))}
            assert position == {code or "POSITION_INSIDE"} | (
                {"POSITION_INSIDE"} if code.startswith("COORD") else set()
            )
            level = row.evidence["position"]["level"]  # type: ignore[index, call-overload]
            assert (level == "INFO") == (code == ""), (changes, row.reasons)
            assert row.state is not CheckInState.ACCEPTED or code == "" or level == "INFO"

    with_office(settings, story)


def test_nine_hundred_kilometres_an_hour_are_noticed(settings: Settings, engine: FaceEngine) -> None:
    async def story(office: Office) -> None:
        she = await enrolled(office, engine)
        first = await sent(she, second_portrait(SHE))
        await worked_off(office, engine)
        before = await CheckIn.get(id=first)
        assert before.state is CheckInState.ACCEPTED
        ago = before.received_at - timedelta(minutes=10)
        fix = {**before.fixes[0], "time": ago.isoformat()}
        await CheckIn.filter(id=first).update(received_at=ago, fixes=[fix])
        made = await sent(she, portrait(SHE), latitude=LATITUDE + 150 / DEGREE_KM)
        await worked_off(office, engine)
        row = await CheckIn.get(id=made)
        assert row.state is CheckInState.REVIEW
        assert {"SPEED_SUSPICIOUS", "POSITION_OUTSIDE"} <= set(codes(row.reasons))

    with_office(settings, story)


def test_five_colleagues_who_fail_together_mark_their_office(settings: Settings, engine: FaceEngine) -> None:
    """By the program's own limits, and a whole worker: nobody calls a job by hand."""

    async def story(office: Office) -> None:
        people = [await enrolled(office, engine, number) for number in range(5)]
        made = [await sent(person, portrait(n), accuracyMetres=101.0) for n, person in enumerate(people)]
        await worked_off(office, engine)
        rows = [await CheckIn.get(id=one) for one in made]
        assert await SiteDisturbance.filter(location_id=office.location.id).count() == 1
        assert all("SITE_DISTURBED" in codes(row.reasons) for row in rows)
        assert not [row for row in rows if any(r["level"] == "FLAG" for r in row.reasons)]

    with_office(settings, story)
