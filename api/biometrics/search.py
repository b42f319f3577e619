"""One against many: whose registered faces are most like a face, asked of pgvector.

Every template has a turned vector (`turned.py`). A search that cannot vouch for having looked at all of them,
because pgvector is not installed or a vector is missing, answers None: not checked.
"""

from asyncio import to_thread
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from tortoise.backends.base.client import BaseDBAsyncClient

from api.biometrics.models import FaceTemplate
from api.biometrics.sealing import open_template
from api.biometrics.turned import is_direction, turned
from api.core import database
from api.core.crypto import BoxBroken
from api.core.identity import new_id
from api.core.runtime import Runtime

log = structlog.get_logger()

BATCH = 500
#: So many are named at most: whoever looks at more of them has a broken threshold before him.
MOST = 5

INSTALLED = "SELECT to_regtype('vector') IS NOT NULL AS installed"
WRITE = """
INSERT INTO face_vector (id, agency_id, employee_id, template_id, key_id, turned)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (template_id) DO UPDATE SET key_id = excluded.key_id, turned = excluded.turned
"""
#: Templates without a vector under the key in use. $1 key, $2 agency or null, $3 how many.
WITHOUT = """
SELECT t.id FROM face_template t LEFT JOIN face_vector v ON v.template_id = t.id AND v.key_id = $1
 WHERE v.id IS NULL AND t.id > $4 AND ($2::uuid IS NULL OR t.agency_id = $2) ORDER BY t.id LIMIT $3
"""
#: Whether somebody cannot be compared: for want of a vector, or since he is enrolled with another model only.
#: $1 agency, $2 model, $3 key, $4 whom to leave out.
INCOMPLETE = """
SELECT EXISTS (SELECT FROM face_template t LEFT JOIN face_vector v ON v.template_id = t.id AND v.key_id = $3
                WHERE t.agency_id = $1 AND t.model_id = $2 AND v.id IS NULL)
    OR EXISTS (SELECT FROM face_template t JOIN employee e ON e.id = t.employee_id AND e.active
                WHERE t.agency_id = $1 AND t.model_id <> $2 AND t.employee_id <> $4
                  AND NOT EXISTS (SELECT FROM face_template s
                                   WHERE s.employee_id = t.employee_id AND s.model_id = $2)) AS incomplete
"""
#: All of an agency's are compared, one after the other: exact, and 0.2 s for three faces against 72,000 templates.
#: $1 agency, $2 model, $3 key, $4 whom to leave out, $5 least cosine, $6 how many; then the faces.
LIKEST = """
SELECT employee_id, max(cosine) AS cosine
  FROM (SELECT t.employee_id, greatest({cosines}) AS cosine
          FROM face_template t JOIN face_vector v ON v.template_id = t.id AND v.key_id = $3
         WHERE t.agency_id = $1 AND t.model_id = $2 AND t.employee_id <> $4) AS compared
 WHERE cosine >= $5 GROUP BY employee_id ORDER BY 2 DESC LIMIT $6
"""
COSINE = "-(v.turned::vector <#> ${number}::real[]::vector)"
#: Any number that is ours, with the agency's beside it: who enrols at the same time waits, and is then found.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('faces of ' || $1::text, 0))"


@dataclass(frozen=True, slots=True)
class Likest:
    """Somebody whose templates are like a face: by the nearest of them, −1 to 1."""

    employee_id: UUID
    cosine: float


async def write_vectors(
    using: BaseDBAsyncClient, runtime: Runtime, made: Sequence[tuple[FaceTemplate, bytes]]
) -> None:
    """`made`: templates of one agency and model, each with its embedding."""
    if not made:
        return
    first, key_id = made[0][0], runtime.keyring.newest
    embeddings = [embedding for _, embedding in made]
    vectors = await to_thread(turned, runtime.keyring, first.agency_id, first.model_id, embeddings)
    records: list[list[Any]] = [
        [new_id(), row.agency_id, row.employee_id, row.id, key_id, vector]
        for (row, _), vector in zip(made, vectors, strict=True)
    ]
    await using.execute_many(WRITE, records)


async def others_alike(
    using: BaseDBAsyncClient,
    runtime: Runtime,
    template: FaceTemplate,
    embeddings: Sequence[bytes],
    threshold: float,
) -> list[Likest] | None:
    """People of the agency but the template's own, nearest first, whose face is one of these. None: not checked.

    In a transaction that goes on to write the templates searched with: of two who enrol one face at the same
    time, the second finds the first."""
    keyring, agency_id, model_id = runtime.keyring, template.agency_id, template.model_id
    await using.execute_query_dict(LOCK, [str(agency_id)])
    if not await _complete(using, template, keyring.newest):
        return None
    faces = await to_thread(turned, keyring, agency_id, model_id, list(embeddings))
    cosines = ", ".join(COSINE.format(number=7 + place) for place in range(len(faces)))
    found = await using.execute_query_dict(
        LIKEST.format(cosines=cosines),
        [agency_id, model_id, keyring.newest, template.employee_id, threshold, MOST, *faces],
    )
    return [Likest(row["employee_id"], row["cosine"]) for row in found]


async def write_missing(runtime: Runtime, agency_id: UUID | None = None, most: int | None = None) -> int:
    """Vectors for templates that have none under the key in use: older than vectors are, or than the key.

    How many were written. One whose template does not open is left out, and said each time."""
    count, last = 0, UUID(int=0)
    while most is None or count < most:
        found = await database.rows(WITHOUT, runtime.keyring.newest, agency_id, BATCH, last)
        if not found:
            break
        last = found[-1]["id"]
        rows = await FaceTemplate.filter(id__in=[row["id"] for row in found])
        for made in _alike_in_form([(row, _opened(runtime, row)) for row in rows]):
            await write_vectors(database.connection(), runtime, made)
            count += len(made)
    return count


async def _complete(using: BaseDBAsyncClient, template: FaceTemplate, key_id: str) -> bool:
    if not (await using.execute_query_dict(INSTALLED))[0]["installed"]:
        log.warning("faces.not_searched", reason="pgvector is not installed: CREATE EXTENSION vector")
        return False
    given = [template.agency_id, template.model_id, key_id, template.employee_id]
    found = await using.execute_query_dict(INCOMPLETE, given)
    if found[0]["incomplete"]:
        reason = "templates without a vector, or of another model"
        log.warning("faces.not_searched", reason=reason, agency=str(template.agency_id))
    return not found[0]["incomplete"]


def _alike_in_form(
    rows: Sequence[tuple[FaceTemplate, bytes | None]],
) -> list[list[tuple[FaceTemplate, bytes]]]:
    """Those that opened, by agency, model and length."""
    groups: dict[tuple[UUID, str, int], list[tuple[FaceTemplate, bytes]]] = {}
    for row, embedding in rows:
        if embedding is not None:
            groups.setdefault((row.agency_id, row.model_id, len(embedding)), []).append((row, embedding))
    return list(groups.values())


def _opened(runtime: Runtime, row: FaceTemplate) -> bytes | None:
    try:
        embedding = open_template(runtime, row)
    except BoxBroken:
        log.error("template.does_not_open", template=str(row.id), employee=str(row.employee_id))
        return None
    if is_direction(embedding):
        return embedding
    log.error("template.is_no_direction", template=str(row.id), employee=str(row.employee_id))
    return None
