"""Two months of plausible days: most are punctual, some are late, a few were asked a question."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import holidays
import orjson

from api.attendance.models import CheckInKind, CheckInState, Presence
from api.attendance.rules import PERPRES_21_2023, late_minutes
from api.core import database
from api.core.database import Row
from api.core.identity import new_id
from api.core.verdict import Reason, ReasonLevel
from api.people.models import Agency, Employee, Unit
from api.people.time import today_in, zone
from api.sites.models import DutyLocation
from api.sites.rules import Code, distance_m

SATURDAY = 5
METRES_A_DEGREE = 111_320


@dataclass(frozen=True, slots=True)
class Habits:
    """How a person comes and goes, in minutes around the hours of duty."""

    early: float
    spread: float
    absence: float


async def write_history(
    agency: Agency,
    staff: dict[str, list[Employee]],
    units: dict[str, Unit],
    offices: dict[str, DutyLocation],
    random: Random,
    now: datetime,
    days: int,
) -> int:
    """Check-ins and days up to now; returns how many days were written."""
    check_ins: list[Row] = []
    records: list[Row] = []
    for code, people in staff.items():
        today = today_in(units[code].time_zone, now)
        off = holidays.country_holidays("ID", years=(today.year - 1, today.year))
        for person in people:
            habits = Habits(random.gauss(14, 9), random.uniform(4, 12), random.uniform(0.0, 0.05))
            for back in range(days, -1, -1):
                day = today - timedelta(days=back)
                # Today is always a day of duty, so that there is something to see on a Sunday.
                if (back and (day.weekday() >= SATURDAY or day in off)) or random.random() < habits.absence:
                    continue
                made = _day(agency, person, units[code], offices[code], day, habits, random, now)
                if made:
                    records.append(_record(agency, person, units[code], day, made))
                    check_ins.extend(made)
    await database.copy("check_in", check_ins)
    await database.copy("attendance_day", records)
    return len(records)


def _day(
    agency: Agency,
    person: Employee,
    unit: Unit,
    office: DutyLocation,
    day: date,
    habits: Habits,
    random: Random,
    now: datetime,
) -> list[Row]:
    begin = datetime.combine(day, time(7, 30), zone(unit.time_zone))
    came = begin - timedelta(minutes=habits.early - random.gauss(0, habits.spread))
    went = begin + timedelta(hours=8, minutes=30 + abs(random.gauss(8, 10)))
    moments = [(CheckInKind.IN, came.astimezone(UTC)), (CheckInKind.OUT, went.astimezone(UTC))]
    return [
        _check_in(agency, person, unit, office, day, kind, at, random) for kind, at in moments if at < now
    ]


def _check_in(
    agency: Agency,
    person: Employee,
    unit: Unit,
    office: DutyLocation,
    day: date,
    kind: CheckInKind,
    at: datetime,
    random: Random,
) -> Row:
    outside = random.random() < 0.01
    away = random.uniform(400, 900) if outside else random.uniform(0, 60)
    latitude = office.latitude + away / METRES_A_DEGREE
    longitude = office.longitude + random.uniform(-20, 20) / METRES_A_DEGREE
    accuracy = round(random.uniform(6, 24), 1)
    distance = distance_m((latitude, longitude), (office.latitude, office.longitude))
    code = Code.POSITION_OUTSIDE if outside else Code.POSITION_INSIDE
    level = ReasonLevel.REVIEW if outside else ReasonLevel.INFO
    params = {"distance_m": round(distance), "radius_m": office.radius_metres}
    reasons = [Reason(code, level, params), Reason("FACE_MATCHED", ReasonLevel.INFO)]
    return {
        "id": new_id(),
        "agency_id": agency.id,
        "employee_id": person.id,
        "unit_id": unit.id,
        "kind": kind,
        "state": CheckInState.REVIEW if outside else CheckInState.ACCEPTED,
        "day": day,
        "received_at": at,
        "settled_at": at + timedelta(seconds=1),
        "idempotency_key": f"demonstration-{kind.value}-{day}",
        "content_digest": bytes(32),
        "frames": "[]",
        "fixes": _json([_fix(latitude, longitude, accuracy, at)]),
        "latitude": latitude,
        "longitude": longitude,
        "device_id": "",
        "device_kind": "PHONE",
        "reasons": _json([reason.to_data() for reason in reasons]),
        "evidence": _json(_evidence(distance, accuracy, level, "OUTSIDE" if outside else "INSIDE", random)),
        "location_id": office.id,
        "receipt": f"D{person.nip[-3:]}{at:%d%H%M}"[:10],
    }


def _fix(latitude: float, longitude: float, accuracy: float, at: datetime) -> dict[str, object]:
    return {
        "latitude": latitude,
        "longitude": longitude,
        "accuracy": accuracy,
        "altitude": None,
        "speed": None,
        "heading": None,
        "time": at.isoformat(),
    }


def _evidence(
    distance: float, accuracy: float, level: ReasonLevel, result: str, random: Random
) -> dict[str, object]:
    return {
        "face": {
            "similarity": round(random.uniform(0.62, 0.83), 3),
            "threshold": 0.45,
            "matched": True,
            "liveness": round(random.uniform(0.9, 0.99), 3),
            "livenessThreshold": 0.5,
            "modelId": "demonstration",
            "livenessModelId": "demonstration",
        },
        "position": {
            "result": result,
            "distance": round(distance, 1),
            "accuracy": accuracy,
            "speed": None,
            "bestFix": 0,
            "score": 0.0,
            "level": level.name,
        },
    }


def _record(agency: Agency, person: Employee, unit: Unit, day: date, made: list[Row]) -> Row:
    """The same derivation as for a real day, on rows that are not in the database yet."""
    counted = [check for check in made if check["state"] == CheckInState.ACCEPTED]
    came = min((check["received_at"] for check in counted if check["kind"] == CheckInKind.IN), default=None)
    went = max((check["received_at"] for check in counted if check["kind"] == CheckInKind.OUT), default=None)
    undecided = len(counted) < len(made)
    return {
        "id": new_id(),
        "agency_id": agency.id,
        "employee_id": person.id,
        "day": day,
        "presence": Presence.OUT if went else Presence.IN if came else Presence.PENDING,
        "in_at": came,
        "out_at": went,
        "late_minutes": late_minutes(came, PERPRES_21_2023, unit.time_zone) if came else 0,
        "flagged": False,
        "needs_review": undecided,
        "check_in_id": next((c["id"] for c in made if c not in counted), made[-1]["id"]),
        "last_change_at": made[-1]["received_at"],
    }


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
