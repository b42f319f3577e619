"""Photographs that were sent before: what is kept of each frame, and which earlier ones it could be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import nsmallest
from uuid import UUID

from api.attendance.models import CheckIn, FramePrint
from api.biometrics.models import Purpose
from api.biometrics.rules import FaceThresholds
from api.core import database
from api.core.identity import new_id

#: So many bytes of a print are compared bit by bit; the rest is the worker's own.
SIGNS = 32
#: Of the earlier frames that one could be, so many are looked at.
NEAREST = 4

#: The consent is locked, so that its withdrawal comes wholly before (no print) or wholly after (it takes ours away).
KEEP = """
WITH agreed AS (
    SELECT id FROM consent WHERE employee_id = $3 AND purpose = $4 AND withdrawn_at IS NULL FOR SHARE
)
INSERT INTO frame_print (id, agency_id, employee_id, check_in_id, frame, received_at, digest, print)
SELECT mark.id, $2, $3, $1, mark.frame, $5, mark.digest, CASE WHEN EXISTS (SELECT FROM agreed) THEN mark.print END
  FROM unnest($6::uuid[], $7::smallint[], $8::bytea[], $9::bytea[]) AS mark(id, frame, digest, print)
ON CONFLICT (check_in_id, frame) DO NOTHING
"""

SAME = """
SELECT check_in_id FROM frame_print WHERE agency_id = $1 AND digest = ANY($2::bytea[]) AND check_in_id <> $3
 ORDER BY received_at LIMIT 1
"""

PRINTS = """
SELECT p.check_in_id, p.print, c.frames ->> p.frame::int AS key
  FROM frame_print p JOIN check_in c ON c.id = p.check_in_id
 WHERE p.employee_id = $1 AND p.check_in_id <> $2 AND p.received_at >= $3 AND p.print IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """One frame of the check-in in hand; `print` and its signs as the mirror shows them, or None for both."""

    frame: int
    digest: bytes
    print: bytes | None
    mirrored: bytes | None


@dataclass(frozen=True, slots=True)
class Suspect:
    """An earlier photograph that a frame could be, by the name of its object, with what was kept of its print."""

    frame: int
    check_in_id: UUID
    key: str
    print: bytes


async def keep(check_in: CheckIn, marks: Sequence[Mark]) -> None:
    """Committed before anybody looks for replays: of two equal submissions at once, the later looker finds the
    earlier, or each the other. Safe to repeat."""
    await database.rows(
        KEEP,
        check_in.id,
        check_in.agency_id,
        check_in.employee_id,
        Purpose.FACE_RECOGNITION.value,
        check_in.received_at,
        [new_id() for _ in marks],
        [mark.frame for mark in marks],
        [mark.digest for mark in marks],
        [mark.print for mark in marks],
    )


async def same(check_in: CheckIn, marks: Sequence[Mark]) -> UUID | None:
    """The first other check-in of the agency, whosever, with one of these very files."""
    digests = [mark.digest for mark in marks]
    found = await database.rows(SAME, check_in.agency_id, digests, check_in.id)
    return found[0]["check_in_id"] if found else None


async def suspects(check_in: CheckIn, marks: Sequence[Mark], limits: FaceThresholds) -> list[Suspect]:
    """The person's own earlier photographs that these could be, the likeliest of each frame first."""
    since = check_in.received_at - timedelta(days=limits.replay_window_days)
    rows = await database.rows(PRINTS, check_in.employee_id, check_in.id, since)
    return [suspect for mark in marks for suspect in _nearest(mark, rows, limits.replay_signs)]


async def forget(employee_id: UUID, before: datetime | None) -> None:
    """Take away a person's prints, all or those of check-ins before a moment. What tells of files only stays:
    else a withdrawal would let every old photograph pass again."""
    prints = FramePrint.filter(employee_id=employee_id, print__isnull=False)
    await (prints.filter(received_at__lt=before) if before else prints).update(print=None)


def _nearest(mark: Mark, rows: Sequence[database.Row], most: int) -> list[Suspect]:
    if mark.print is None or mark.mirrored is None:
        return []
    looks = _signs(mark.print), _signs(mark.mirrored)
    differing = [
        (min((look ^ _signs(row["print"])).bit_count() for look in looks), place)
        for place, row in enumerate(rows)
    ]
    return [
        Suspect(mark.frame, rows[place]["check_in_id"], rows[place]["key"], bytes(rows[place]["print"]))
        for signs, place in nsmallest(NEAREST, differing)
        if signs <= most
    ]


def _signs(kept: bytes) -> int:
    return int.from_bytes(kept[:SIGNS], "big")
