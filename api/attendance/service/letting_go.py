"""Photographs of check-ins that are to be kept no longer: rows let go of them, and say when and why."""

from datetime import datetime
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from api.attendance.models import GoneReason
from api.attendance.service.start import frame_folder
from api.core import database

#: A photograph taken at the desk is of whoever does without face recognition: no consent keeps it, and none ends it.
WITHDRAWN = """
WITH held AS (
    SELECT id, frames FROM check_in
     WHERE employee_id = $1 AND received_at < coalesce($2::timestamptz, 'infinity') AND recorder_id IS NULL
       AND jsonb_array_length(frames) > 0 FOR UPDATE
), gone AS (
    UPDATE check_in SET frames = '[]', frames_gone_at = $3, frames_gone_why = $4
      FROM held WHERE check_in.id = held.id
)
SELECT jsonb_array_elements_text(frames) AS name FROM held
"""
#: What tells of files only stays: else a withdrawal would let every old photograph pass again.
PRINTS = """
UPDATE frame_print SET print = NULL
 WHERE employee_id = $1 AND received_at < coalesce($2::timestamptz, 'infinity') AND print IS NOT NULL RETURNING id
"""
UNNAMED = """
SELECT sent.name FROM unnest($2::text[]) AS sent(name)
 WHERE NOT EXISTS (SELECT FROM check_in WHERE employee_id = $1 AND frames ? sent.name)
"""
NONCES = """
SELECT agency_id, digest FROM check_in_nonce
 WHERE employee_id = $1 AND issued_at < coalesce($2::timestamptz, 'infinity')
"""


async def withdrawn(
    using: BaseDBAsyncClient, employee_id: UUID, before: datetime | None, now: datetime
) -> list[str]:
    """Let go of a person's photographs, all or those from before a moment. Their names: nothing else knows them."""
    rows = await using.execute_query_dict(WITHDRAWN, [employee_id, before, now, GoneReason.WITHDRAWN.value])
    return [row["name"] for row in rows]


async def unnamed(using: BaseDBAsyncClient, employee_id: UUID, names: list[str]) -> list[str]:
    """Those that none of the person's check-ins names."""
    return [row["name"] for row in await using.execute_query_dict(UNNAMED, [employee_id, names])]


async def forget_prints(using: BaseDBAsyncClient, employee_id: UUID, before: datetime | None) -> int:
    """Take away a person's prints, all or those from before a moment. How many went."""
    return len(await using.execute_query_dict(PRINTS, [employee_id, before]))


async def upload_folders(employee_id: UUID, before: datetime | None) -> list[str]:
    """Where the person may have sent photographs that no check-in names."""
    rows = await database.rows(NONCES, employee_id, before)
    return [frame_folder(row["agency_id"], bytes(row["digest"])) for row in rows]
