"""Sealing everything again under the newest key, so that an old one can be taken out of the ring."""

from dataclasses import dataclass

from api.biometrics.models import FaceTemplate
from api.biometrics.settle import belongs_to
from api.core.crypto import key_id_of
from api.core.errors import NotFound
from api.core.runtime import Runtime

BATCH = 500
PREFIXES = ("frames", "enrolments")


@dataclass(slots=True)
class Rotated:
    templates: int = 0
    objects: int = 0


async def rotate(runtime: Runtime) -> Rotated:
    """Templates, then photographs. It may be interrupted and run again: what is done stays done."""
    done = Rotated()
    done.templates = await _templates(runtime)
    for prefix in PREFIXES:
        for name, _ in await runtime.storage.names(prefix):
            try:
                done.objects += await runtime.storage.reseal(name)
            except NotFound:
                continue  # deleted meanwhile: nothing is left to seal
    return done


async def _templates(runtime: Runtime) -> int:
    """Row by row, each only if it is still what was read: an enrolment may replace it at the same time."""
    count = 0
    newest = runtime.keyring.newest
    last = None
    while True:
        rows = FaceTemplate.all() if last is None else FaceTemplate.filter(id__gt=last)
        batch = await rows.order_by("id").limit(BATCH)
        for row in batch:
            old = bytes(row.sealed)
            if key_id_of(old) == newest:
                continue
            bound = belongs_to(row.id, row.employee_id)
            sealed = runtime.keyring.seal(runtime.keyring.open(old, belongs_to=bound), belongs_to=bound)
            count += await FaceTemplate.filter(id=row.id, sealed=old).update(sealed=sealed)
        if len(batch) < BATCH:
            return count
        last = batch[-1].id
