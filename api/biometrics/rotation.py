"""Templates and the vectors by which they are found, under a new key."""

from api.biometrics.models import FaceTemplate
from api.biometrics.sealing import belongs_to
from api.biometrics.search import write_missing
from api.core.crypto import key_id_of
from api.core.runtime import Runtime

BATCH = 500


async def reseal_templates(runtime: Runtime) -> int:
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
            break
        last = batch[-1].id
    await write_missing(runtime)
    return count
