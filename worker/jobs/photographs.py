"""Reading a photograph where it lies, and leaving it clean and sealed."""

import structlog

from api.core.crypto import BoxBroken
from api.core.errors import NotFound
from worker.faces import Seen
from worker.jobs.kind import Tools
from worker.vision.pictures import PictureRefused

log = structlog.get_logger()


async def look(tools: Tools, key: str, *, liveness: bool = False, pose: bool = False) -> Seen | None:
    """None where there is no photograph that can be read: absent, exchanged, or no picture.

    What a phone sent straight to the bucket was copied as it came; here the copy is sealed, and stripped of
    whatever is not picture, and what was sent goes.
    """
    storage = tools.runtime.storage
    try:
        data, sealed = await storage.read(key, tools.runtime.settings.upload_max_bytes)
    except (NotFound, BoxBroken) as error:
        log.warning("photograph.unreadable", key=key, reason=type(error).__name__)
        return None
    clean, seen = data, None
    try:
        seen = await tools.eyes.look(data, liveness=liveness, pose=pose)
        clean = seen.clean
    except PictureRefused as refused:
        log.info("photograph.refused", key=key, reason=refused.code)
    if not sealed or clean != data:
        await storage.put(key, clean)
    if not sealed:
        await storage.forget_upload(key)
    return seen
