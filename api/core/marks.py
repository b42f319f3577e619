"""A photograph as it is shown: shrunk, and with words in its pixels that say to whom and when.

Pillow is loaded with the first look: most of what a web process answers needs none of it.
"""

from __future__ import annotations

import io
from functools import cache
from math import hypot
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import ImageFont
    from PIL.Image import Image

#: Longest side in pixels, of what is shown by itself and of what is asked for by a further look.
SMALL, LARGE = 320, 1280
#: What the worker has not read yet may be anything: more pixels or scans than it takes are not opened.
MAX_PIXELS = 16_000_000
MAX_SCANS = 32
_SCAN = b"\xff\xda"
QUALITY = 80
#: Degrees by which the words rise.
SLOPE = 30
#: Of 255: enough to be read on a shirt and a wall, too little to hide a face.
LIGHT, SHADE = 96, 72


class NoPicture(Exception):
    """The bytes are not a JPEG that can be shown."""


def marked(jpeg: bytes, longest: int, words: str) -> bytes:
    """A JPEG without metadata, its longer side at most `longest` pixels, with `words` all over it.

    Raises NoPicture. The size is refused before anything is decoded, and no more is decoded than is shown.
    """
    from PIL import Image

    picture = _upright(jpeg, longest)
    picture.thumbnail((longest, longest))
    lines = _lines(picture.size, words)
    for value, strength, shift in ((0, SHADE, 1), (255, LIGHT, 0)):
        mask = lines.point([level * strength // 255 for level in range(256)])
        picture.paste(Image.new("RGB", picture.size, (value,) * 3), (shift, shift), mask)
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()


def _upright(jpeg: bytes, longest: int) -> Image:
    from PIL import ImageOps
    from PIL.JpegImagePlugin import JpegImageFile

    if jpeg.count(_SCAN) > MAX_SCANS:
        raise NoPicture
    try:
        # Not Image.open: that tries every format it knows on bytes that only claim to be a JPEG.
        picture = JpegImageFile(io.BytesIO(jpeg))
        if picture.width * picture.height > MAX_PIXELS:
            raise NoPicture
        picture.draft("RGB", (longest, longest))
        found = ImageOps.exif_transpose(picture).convert("RGB")
    except (SyntaxError, OSError, ValueError, KeyError, TypeError) as error:
        raise NoPicture from error
    found.info.clear()  # else a comment or a profile would be written with it
    return found


def _lines(size: tuple[int, int], words: str) -> Image:
    """Rows of the words at a slope, each moved on against the one before: a cut-out of any size names somebody."""
    from PIL import Image, ImageDraw

    font = _font(max(10, max(size) // 24))
    strip = Image.new("L", (int(font.getlength(words)) + 4 * int(font.size), int(font.size * 3)))
    ImageDraw.Draw(strip).text(
        (0, 0), words, fill=255, font=font
    )  # drawn once: letters cost more than copies
    side = int(hypot(*size)) + 1
    canvas = Image.new("L", (side, side))
    for row, top in enumerate(range(0, side, strip.height)):
        for left in range(-(row * strip.width // 3) % strip.width - strip.width, side, strip.width):
            canvas.paste(strip, (left, top))
    turned = canvas.rotate(SLOPE, Image.Resampling.BILINEAR)
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    return turned.crop((left, top, left + size[0], top + size[1]))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    from PIL import ImageFont

    found = ImageFont.load_default(size)
    assert isinstance(found, ImageFont.FreeTypeFont)
    return found
