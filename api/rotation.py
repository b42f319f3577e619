"""Sealing everything again under the newest key, so that an old one can be taken out of the ring."""

from dataclasses import dataclass

from api.core.errors import NotFound
from api.core.runtime import Runtime
from api.slices import SLICES


@dataclass(slots=True)
class Rotated:
    templates: int = 0
    objects: int = 0


async def rotate(runtime: Runtime) -> Rotated:
    """Templates, then photographs. It may be interrupted and run again: what is done stays done."""
    done = Rotated()
    for reseal in (work for slice in SLICES for work in slice.reseal):
        done.templates += await reseal(runtime)
    for prefix in (folder for slice in SLICES for folder in slice.folders):
        for name, _ in await runtime.storage.names(prefix):
            try:
                done.objects += await runtime.storage.reseal(name)
            except NotFound:
                continue  # deleted meanwhile: nothing is left to seal
    return done
