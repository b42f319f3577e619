"""A burst of frames in numbers, as the rules on moves read them."""

from collections.abc import Sequence
from datetime import datetime

from api.attendance.models import CheckIn
from api.biometrics.moves import BurstFrame
from worker.faces import Seen
from worker.jobs.kind import Tools
from worker.vision.engine import FaceReport, similarity
from worker.vision.measures import FloatArray


async def burst_of(tools: Tools, check_in: CheckIn, seen: Sequence[Seen | None]) -> list[BurstFrame]:
    """Empty where no moves were asked for, or nobody could look."""
    if not check_in.moves or tools.eyes.engine is None:
        return []
    likenesses = await tools.eyes.nearest_before([frame.print if frame else None for frame in seen])
    times = [datetime.fromisoformat(time) for time in check_in.captured]
    known: list[FloatArray] = []
    taken: set[bytes] = set()
    frames = []
    for frame, time, likeness in zip(seen, times, likenesses, strict=True):
        at = (time - times[0]).total_seconds()
        frames.append(_in_numbers(frame, at, known, likeness, frame is not None and frame.clean in taken))
        if frame is not None:
            taken.add(frame.clean)
    return frames


def _in_numbers(
    seen: Seen | None, at: float, known: list[FloatArray], likeness: float | None, repeated: bool
) -> BurstFrame:
    """`known` holds the embeddings of the frames before, and takes this one's."""
    report = seen.report if seen else None
    if report is None or not report.faces:
        return BurstFrame(at=at, faces=0, repeated=repeated)
    face, height = report.faces[0], report.height
    return BurstFrame(
        at=at,
        faces=len(report.faces),
        x=(face.box[0] + face.box[2]) / 2 / height,
        y=(face.box[1] + face.box[3]) / 2 / height,
        size=(face.box[3] - face.box[1]) / height,
        yaw=face.yaw,
        nose=face.nose,
        eyes=face.eyes,
        alike=_alike(face, known),
        likeness=likeness,
        repeated=repeated,
    )


def _alike(face: FaceReport, known: list[FloatArray]) -> float | None:
    if face.embedding is None:
        return None
    best = max((similarity(face.embedding, earlier) for earlier in known), default=None)
    known.append(face.embedding)
    return best
