"""Pictures to numbers, one model run a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from worker.vision.engine import FaceEngine
from worker.vision.measures import FloatArray
from worker.vision.pictures import Picture

#: Told how many pictures are done and how many there are.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """n×d embeddings of unit norm; NaN where no face was found, which is a failure to acquire."""

    embeddings: FloatArray

    @property
    def acquired(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return ~np.isnan(self.embeddings[:, 0])


def embed(engine: FaceEngine, pictures: Sequence[Path], progress: Progress) -> Embedded:
    found: list[FloatArray | None] = []
    for done, path in enumerate(pictures, start=1):
        picture = _opened(path)
        faces = engine.inspect(picture, liveness=False).faces if picture else ()
        found.append(faces[0].embedding if faces else None)
        progress(done, len(pictures))
    size = next((len(each) for each in found if each is not None), 1)
    absent = np.full(size, np.nan, np.float32)
    return Embedded(np.array([absent if each is None else each for each in found], np.float32))


def liveness(engine: FaceEngine, pictures: Iterable[Path], progress: Progress) -> list[float | None]:
    """Of the largest face in each picture, 0–1; None where no face was found."""
    paths = list(pictures)
    found = []
    for done, path in enumerate(paths, start=1):
        picture = _opened(path)
        faces = engine.inspect(picture, embed=False).faces if picture else ()
        found.append(faces[0].liveness if faces else None)
        progress(done, len(paths))
    return found


def _opened(path: Path) -> Picture | None:
    """Any picture that Pillow reads: a set on the operator's own disk is no stranger's upload."""
    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (UnidentifiedImageError, OSError):
        return None
    pixels = np.asarray(cv2.cvtColor(np.asarray(upright), cv2.COLOR_RGB2BGR), np.uint8)
    return Picture(pixels, upright.width, upright.height, b"")
