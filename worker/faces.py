"""Between pixels and rules: the one thread that looks at pictures, and its reports as the rules read them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog

from api.biometrics.rules import FrameFacts
from worker.vision.engine import FaceEngine, FrameReport, similarity
from worker.vision.measures import FloatArray
from worker.vision.packs import PackError, load_engine
from worker.vision.pictures import read_picture
from worker.vision.prints import Print, cut, likeness, nearest_before, place_in, print_of

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A picture that could be read: what the models say (None where there are none), and the bytes to keep."""

    report: FrameReport | None
    clean: bytes
    #: Of the largest face; None where there is none.
    print: Print | None = None


class Eyes:
    """One thread for all pictures of a process: ONNX runs on one core, the event loop on another meanwhile."""

    def __init__(self, engine: FaceEngine | None, thread: ThreadPoolExecutor, max_bytes: int) -> None:
        self.engine = engine
        self._thread = thread
        self._max_bytes = max_bytes

    async def look(self, jpeg: bytes, *, liveness: bool, pose: bool) -> Seen:
        """Raises PictureRefused where the bytes are no picture to look at."""
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self._look, jpeg, liveness, pose
        )

    def _look(self, jpeg: bytes, liveness: bool, pose: bool) -> Seen:
        picture = read_picture(jpeg, max_bytes=self._max_bytes)
        if self.engine is None:
            return Seen(None, picture.clean)
        report = self.engine.inspect(picture, liveness=liveness, pose=pose)
        found = print_of(picture.pixels, report.faces[0].keypoints) if report.faces else None
        return Seen(report, picture.clean, found)

    async def nearest_before(self, prints: Sequence[Print | None]) -> list[float | None]:
        """How like each frame of a burst is to an earlier one; see prints.nearest_before."""
        cuts = [found.cut if found else None for found in prints]
        return await asyncio.get_running_loop().run_in_executor(self._thread, nearest_before, cuts)

    async def likeness(self, found: Print, earlier: bytes, kept: bytes) -> float:
        """How like an earlier photograph, of whose print `kept` is left; see prints.likeness.

        Raises PictureRefused where the earlier one cannot be read.
        """
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self._likeness, found, earlier, kept
        )

    def _likeness(self, found: Print, earlier: bytes, kept: bytes) -> float:
        pixels = read_picture(earlier, max_bytes=self._max_bytes).pixels
        return likeness(found.cut, cut(pixels, place_in(kept)))


@asynccontextmanager
async def open_eyes(pack: Path, max_bytes: int) -> AsyncIterator[Eyes]:
    """Loads the pack in the thread that will use it. Without a usable one nothing is ever checked."""
    thread = ThreadPoolExecutor(1, thread_name_prefix="eyes")
    try:
        engine = await asyncio.get_running_loop().run_in_executor(thread, _load, pack)
        yield Eyes(engine, thread, max_bytes)
    finally:
        thread.shutdown(wait=True, cancel_futures=True)


def _load(pack: Path) -> FaceEngine | None:
    """None means that people review every check-in: better than check-ins that stay pending."""
    try:
        engine = load_engine(pack)
    except PackError as error:
        log.error("faces.not_checked", pack=str(pack), reason=str(error))
        return None
    except Exception:
        log.exception("faces.not_checked", pack=str(pack))
        return None
    log.info("faces.ready", model_id=engine.model_id, liveness_model_id=engine.liveness_model_id)
    return engine


def embedding_bytes(embedding: FloatArray) -> bytes:
    """float32, little-endian: how a template is kept."""
    return embedding.astype("<f4").tobytes()


def embedding_from(kept: bytes) -> FloatArray:
    """Raises ValueError where the bytes are no direction that a face could have."""
    embedding = np.frombuffer(kept, "<f4").astype(np.float32)
    if not 0 < np.linalg.norm(embedding) < np.inf:
        raise ValueError("an embedding has a length")
    return embedding


def facts_of(report: FrameReport, templates: Sequence[FloatArray] = ()) -> FrameFacts:
    """The largest face in numbers, compared with templates of the model that made the report."""
    if not report.faces:
        return FrameFacts(faces=0)
    face = report.faces[0]
    return FrameFacts(
        faces=len(report.faces),
        face_px=face.face_px,
        room=face.room,
        sharpness=face.sharpness,
        brightness=face.brightness,
        detection=face.score,
        yaw=face.yaw,
        pitch=face.pitch,
        roll=face.roll,
        liveness=face.liveness,
        similarities=_similarities(face.embedding, templates),
    )


def _similarities(embedding: FloatArray | None, templates: Sequence[FloatArray]) -> tuple[float, ...] | None:
    """None where nothing was embedded. A template of another length is no template of this model."""
    if embedding is None:
        return None
    return tuple(
        similarity(embedding, template) for template in templates if template.shape == embedding.shape
    )
