"""From bytes that a stranger sent to pixels, or to a refusal."""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from worker.vision.measures import Pixels

MAX_BYTES = 2_000_000
MAX_PIXELS = 16_000_000
#: No face of a usable size fits into less.
MIN_SIDE = 160
#: The shorter side, in pixels, below which a large picture is not brought down when it is decoded. A face that fills
#: a fifth of it still has more pixels than any model takes; a JPEG of twelve megapixels costs a fifth of its decoding.
ENOUGH = 720
_MOST_SHRUNK = 8
#: A progressive picture has about ten scans; each costs a pass over all pixels, so thousands are an attack.
MAX_SCANS = 32
#: Tables and frame header of an ordinary JPEG come to about 620 bytes; what is longer carries something else.
PLAIN_HEADER = 1024
QUALITY = 92

_JPEG_START = b"\xff\xd8\xff"
_JPEG_END = b"\xff\xd9"
_SCAN = b"\xff\xda"
#: Any marker in the picture data other than a stuffed byte or a restart: in a plain picture, only the end.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_ORIENTATION_TAG = 0x0112
_ORIENTATIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Refusal(StrEnum):
    """Why a picture was not read."""

    NOT_A_JPEG = "NOT_A_JPEG"
    TRUNCATED = "TRUNCATED"
    TOO_MANY_PIXELS = "TOO_MANY_PIXELS"
    TOO_SMALL = "TOO_SMALL"
    TOO_LARGE = "TOO_LARGE"
    UNREADABLE = "UNREADABLE"


class PictureRefused(Exception):
    """The bytes are not a picture that is safe and useful to look at."""

    def __init__(self, code: Refusal) -> None:
        super().__init__(code.value)
        self.code = code


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Upright pixels, of a large picture a half, a quarter or an eighth each way, and the bytes that may be kept."""

    #: height×width×3, BGR, 0–255.
    pixels: Pixels
    width: int
    height: int
    #: A JPEG of the same pixels without metadata, trailing bytes or a second format; the bytes received where
    #: there was nothing to strip.
    clean: bytes


def read_picture(
    data: bytes, *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS, min_side: int = MIN_SIDE
) -> Picture:
    """Decode a JPEG, upright, after its header has been found reasonable.

    Raises PictureRefused. The size is refused before anything is decoded, so a bomb costs no memory.
    """
    if len(data) > max_bytes:
        raise PictureRefused(Refusal.TOO_LARGE)
    image, header_length, orientation = _open(data)
    if image.width * image.height > max_pixels:
        raise PictureRefused(Refusal.TOO_MANY_PIXELS)
    if min(image.size) < min_side:
        raise PictureRefused(Refusal.TOO_SMALL)
    plain = orientation == 1 and _is_plain(image, data, header_length)
    upright = _decode(image, data, orientation)
    pixels = np.asarray(cv2.cvtColor(np.asarray(upright), cv2.COLOR_RGB2BGR), np.uint8)
    clean = data if plain else _encode(upright, QUALITY)
    return Picture(pixels, upright.width, upright.height, clean)


def _open(data: bytes) -> tuple[JpegImageFile, int, int]:
    """The picture with only its header read, the header's length in bytes, and EXIF's orientation (1–8)."""
    if not data.startswith(_JPEG_START):
        raise PictureRefused(Refusal.NOT_A_JPEG)
    if data.count(_SCAN) > MAX_SCANS:
        raise PictureRefused(Refusal.UNREADABLE)
    stream = io.BytesIO(data)
    try:
        # Not Image.open: that tries every format it knows on bytes that only claim to be a JPEG. What Pillow
        # thinks of a stranger's EXIF is no news worth a warning.
        with warnings.catch_warnings(action="ignore"):
            image = JpegImageFile(stream)
            return image, stream.tell(), _orientation(image)
    except (SyntaxError, OSError, ValueError) as error:
        raise _refused(data) from error


def _decode(image: JpegImageFile, data: bytes, orientation: int) -> Image.Image:
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    try:
        shrink = min(min(image.size) // ENOUGH, _MOST_SHRUNK)
        if shrink > 1:  # while it is decoded: 2, 4 or 8, whatever of these is not more
            image.draft(None, (image.width // shrink, image.height // shrink))
        upright = image.convert("RGB") if image.mode != "RGB" else image
        upright.load()
    except (SyntaxError, OSError, ValueError) as error:
        raise _refused(data) from error
    turn = _ORIENTATIONS.get(orientation)
    return upright if turn is None else upright.transpose(turn)


def _refused(data: bytes) -> PictureRefused:
    return PictureRefused(Refusal.UNREADABLE if _JPEG_END in data else Refusal.TRUNCATED)


def _orientation(image: JpegImageFile) -> int:
    """Malformed EXIF, which is stripped anyway, counts as upright."""
    if "exif" not in image.info:
        return 1
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except (SyntaxError, OSError, ValueError, KeyError, TypeError):
        return 1
    return value if value in _ORIENTATIONS else 1


def _is_plain(image: JpegImageFile, data: bytes, header_length: int) -> bool:
    """Whether nothing but one baseline picture is in the bytes; when in doubt it is not, and is encoded anew.

    No metadata segment beyond a bare JFIF one, a header too short to carry anything, and after the start of
    the only scan no marker but the end, which is also the end of the bytes.
    """
    if any(name != "APP0" or len(content) != len(b"JFIF\0") + 9 for name, content in image.applist):
        return False
    marker = _MARKER.search(data, header_length)
    ends_the_bytes = marker is not None and marker.end() == len(data) and marker.group() == _JPEG_END
    return header_length <= PLAIN_HEADER and ends_the_bytes


def _encode(image: Image.Image, quality: int) -> bytes:
    stream = io.BytesIO()
    # A fresh picture carries no EXIF, comment or profile over.
    Image.fromarray(np.asarray(image)).save(stream, "JPEG", quality=quality)
    return stream.getvalue()
