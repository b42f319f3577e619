"""An agency of any size for a scratch database, written by the database itself in a few seconds."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from api.core.policy import Role

PROVINCES = 24
#: In an office.
PEOPLE_EACH = 100
TIME_ZONE = "Asia/Jakarta"
#: Of a hundred people, how many have come today.
COME = 80

UNITS = """
WITH agency AS (
    INSERT INTO agency (id, name, short_name, created_at)
    VALUES (gen_random_uuid(), 'Badan Ukur', 'BU', now()) RETURNING id
), passive AS (
    INSERT INTO agency_rule (id, agency_id, topic, parameters, valid_from, source)
    SELECT gen_random_uuid(), id, 'challenge', '{"mode": "PASSIVE"}', date '2020-01-01', '' FROM agency
), root AS (
    INSERT INTO unit (id, agency_id, code, name, path, time_zone)
    SELECT gen_random_uuid(), id, '00', 'Kantor Pusat', '/00/', $1 FROM agency RETURNING id, agency_id
), province AS (
    INSERT INTO unit (id, agency_id, parent_id, code, name, path, time_zone)
    SELECT gen_random_uuid(), agency_id, id, to_char(n, 'FM00'), 'Kantor Wilayah ' || n,
           '/00/' || to_char(n, 'FM00') || '/', $1 FROM root, generate_series(1, $2) n
    RETURNING id, agency_id, code, path
)
INSERT INTO unit (id, agency_id, parent_id, code, name, path, time_zone)
SELECT gen_random_uuid(), agency_id, id, code || to_char(n, 'FM000'), 'Kantor Kota ' || code || ' ' || n,
       path || code || to_char(n, 'FM000') || '/', $1 FROM province, generate_series(1, $3) n
"""

PEOPLE = """
INSERT INTO employee (id, agency_id, unit_id, nip, name, position, active)
SELECT gen_random_uuid(), o.agency_id, o.id,
       to_char(date '1970-01-01' + n % 9000, 'YYYYMMDD') || '2010031' || to_char(n / 9000, 'FM000'),
       (ARRAY['Siti','Budi','Dewi','Agus','Rina','Joko','Ayu','Wayan'])[1 + n % 8] || ' '
       || (ARRAY['Santoso','Wijaya','Pratama','Siregar','Hidayat','Saputra','Kusuma'])[1 + n % 7] || ' ' || n,
       'Analis Kepegawaian', true
  FROM generate_series(0, $1 - 1) n
  JOIN (SELECT id, agency_id, row_number() OVER (ORDER BY path) - 1 AS place FROM unit
         WHERE path LIKE '/%/%/%/') o ON o.place = n::bigint * $2 / $1
"""

DAYS = """
INSERT INTO attendance_day (id, agency_id, employee_id, day, presence, in_at, late_minutes, flagged,
                            needs_review, last_change_at)
SELECT gen_random_uuid(), agency_id, id, today - back, 'IN', at, (place % 10 = 0)::int * 12, false, false, at
  FROM (SELECT e.*, row_number() OVER (ORDER BY nip) AS place FROM employee e) e, generate_series(0, $1) back,
       (SELECT (now() AT TIME ZONE $2)::date AS today) t, LATERAL (
        SELECT now() - back * interval '1 day' - place * interval '10 ms' AS at) moment
 WHERE place % 100 < $3
"""

CHECK_INS = """
INSERT INTO check_in (id, agency_id, employee_id, unit_id, kind, state, day, received_at, settled_at,
                      idempotency_key, content_digest, frames, fixes, device_id, device_kind, reasons, evidence)
SELECT gen_random_uuid(), d.agency_id, d.employee_id, e.unit_id, 'IN', 'ACCEPTED', d.day, d.in_at, d.in_at,
       'bench-' || d.day, '', '["a"]', '[]', '', 'PHONE', '[]', '{}'
  FROM attendance_day d JOIN employee e ON e.id = d.employee_id WHERE d.day = (now() AT TIME ZONE $1)::date
"""


@dataclass(frozen=True, slots=True)
class Member:
    """A person who may sign in, with a token."""

    employee_id: UUID
    unit_id: UUID
    token: str


@dataclass(frozen=True, slots=True)
class Agency:
    id: UUID
    root: UUID
    members: list[Member]
    #: Of the first office, whose unit is `supervisor.unit_id`.
    supervisor: Member
    #: Sees the whole agency.
    admin: Member


async def populate(database_url: str, *, people: int = 24_000, days: int = 5, members: int = 256) -> Agency:
    """Units, people (a multiple of 2,400), days and today's check-ins; `members` get an account and a face."""
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            offices = people // (PROVINCES * PEOPLE_EACH)
            await connection.execute(UNITS, TIME_ZONE, PROVINCES, offices)
            await connection.execute(PEOPLE, people, PROVINCES * offices)
            await connection.execute(DAYS, days, TIME_ZONE, COME)
            await connection.execute(CHECK_INS, TIME_ZONE)
            agency = await _with_members(connection, members)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
    return agency


async def _with_members(connection: asyncpg.Connection, count: int) -> Agency:
    agency_id, root = await connection.fetchrow("SELECT agency_id, id FROM unit WHERE parent_id IS NULL")
    found = await connection.fetch("SELECT id, unit_id FROM employee ORDER BY nip LIMIT $1", count)
    members = [Member(each["id"], each["unit_id"], f"bench-token-{n}") for n, each in enumerate(found)]
    await _accounts(connection, agency_id, members)
    await _faces(connection, agency_id, members)
    await _role(connection, agency_id, members[0], Role.SUPERVISOR, members[0].unit_id)
    await _role(connection, agency_id, members[1], Role.AGENCY_ADMIN, None)
    return Agency(agency_id, root, members, members[0], members[1])


async def _accounts(connection: asyncpg.Connection, agency_id: UUID, members: list[Member]) -> None:
    now = datetime.now(UTC)
    await connection.executemany(
        "WITH a AS (INSERT INTO account (id, agency_id, employee_id, password_hash) "
        "VALUES (gen_random_uuid(), $1, $2, '') RETURNING id) "
        "INSERT INTO credential (id, agency_id, account_id, digest, token_name, device, created_at, last_seen_at, "
        "expires_at) SELECT gen_random_uuid(), $1, id, $3, 'bench', '', $4, $4, $5 FROM a",
        [
            (
                agency_id,
                each.employee_id,
                hashlib.sha256(each.token.encode()).digest(),
                now,
                now + timedelta(days=1),
            )
            for each in members
        ],
    )


async def _faces(connection: asyncpg.Connection, agency_id: UUID, members: list[Member]) -> None:
    """Consent and a template that nothing will be compared with: enough to be allowed to check in."""
    await connection.executemany(
        "WITH c AS (INSERT INTO consent (id, agency_id, employee_id, purpose, version, given_at) "
        "VALUES (gen_random_uuid(), $1, $2, 'FACE_RECOGNITION', '1', now())), "
        "e AS (INSERT INTO enrolment (id, agency_id, employee_id, state, created_at, photos) "
        "VALUES (gen_random_uuid(), $1, $2, 'ACTIVE', now(), '[]') RETURNING id) "
        "INSERT INTO face_template (id, agency_id, employee_id, enrolment_id, model_id, sealed, photo_key, created_at) "
        "SELECT gen_random_uuid(), $1, $2, id, 'bench', '', '', now() FROM e",
        [(agency_id, each.employee_id) for each in members],
    )


async def _role(
    connection: asyncpg.Connection, agency_id: UUID, member: Member, role: Role, unit_id: UUID | None
) -> None:
    await connection.execute(
        "INSERT INTO role_assignment (id, agency_id, employee_id, unit_id, role, valid_from) "
        "VALUES (gen_random_uuid(), $1, $2, $3, $4, '2020-01-01')",
        agency_id,
        member.employee_id,
        unit_id,
        role.value,
    )
