"""Pictures people upload: read with care, and made small, square and anonymous.

Nothing here asks the database: reading a picture takes time that no transaction should wait for.
"""

import io
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import N_, Invalid

LARGEST_FILE = 10 * 1024 * 1024
LARGEST_KEPT = 200 * 1000
KINDS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = {"JPEG": 60_000_000}
"""A JPEG is read at an eighth of its size; the others take four bytes a pixel."""
MOST_PIXELS_ELSE = 25_000_000
LEAST_SIDE = 100
SIDE = 480
QUALITIES = (88, 75, 60, 40)
ABOVE_THE_MIDDLE = (0.5, 0.35)
"""Where in an upright photograph the face is."""
ONE_AT_A_TIME = threading.Lock()
"""What one picture takes in memory, several at once must not take."""


@dataclass(frozen=True)
class Picture:
    """A JPEG of ``SIDE`` pixels each way, without anything a camera wrote into it."""

    content: bytes


def prepare_picture(content: bytes) -> Picture:
    """The uploaded file as it will be kept, or ``Invalid``: its name and kind are never asked."""
    return Picture(read_picture(content, (SIDE, SIDE), LEAST_SIDE, _drawn))


def read_picture(
    content: bytes, size: tuple[int, int], least: int, draw: Callable[[Image.Image], bytes]
) -> bytes:
    """What ``draw`` makes of the file, which is to be shown at most so large, or ``Invalid``."""
    if len(content) > LARGEST_FILE:
        raise Invalid(
            N_("This file has {size} MB, and at most {most} fit. Please choose a smaller one."),
            field="picture",
            size=-(-len(content) // 1024**2),
            most=LARGEST_FILE // 1024**2,
        )
    _check_webp_canvas(content)
    with ONE_AT_A_TIME, warnings.catch_warnings():
        # Pillow warns of what is refused below, by limits of our own.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(content), formats=KINDS) as opened:
                _check_size(opened, least)
                return draw(_upright(opened, size))
        except Image.DecompressionBombError:
            raise _too_many_pixels() from None
        except UnidentifiedImageError:
            raise Invalid(
                N_("This file is not a picture we can read. Please choose a PNG, JPEG or WebP."),
                field="picture",
            ) from None
        except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError) as error:
            raise Invalid(
                N_("This picture is damaged. Please choose another, or save it once more."),
                field="picture",
            ) from error


def _check_size(opened: Image.Image, least: int) -> None:
    """Before a single pixel is read: what a few bytes unfold to may fill the memory."""
    most = MOST_PIXELS.get(opened.format or "", MOST_PIXELS_ELSE)
    if opened.width * opened.height > most:
        raise _too_many_pixels()
    if min(opened.size) < least:
        raise Invalid(
            N_(
                "This picture has {width} × {height} points. "
                "Please choose one with at least {least} each way."
            ),
            field="picture",
            width=opened.width,
            height=opened.height,
            least=least,
        )


def _check_webp_canvas(content: bytes) -> None:
    """The reader of WebP takes memory for the whole canvas as soon as it is opened."""
    if content[:4] == b"RIFF" and content[8:16] == b"WEBPVP8X":
        width, height = (int.from_bytes(content[at : at + 3], "little") + 1 for at in (24, 27))
        if width * height > MOST_PIXELS_ELSE:
            raise _too_many_pixels()


def _too_many_pixels() -> Invalid:
    return Invalid(
        N_("This picture has too many points. Please choose one of at most {most} megapixels."),
        field="picture",
        most=MOST_PIXELS_ELSE // 1_000_000,
    )


def _upright(opened: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Read no larger than it takes, and turned the way it was held."""
    opened.draft("RGB", (2 * size[0], 2 * size[1]))
    if opened.width * opened.height > MOST_PIXELS_ELSE:  # a strip is not read any smaller
        raise _too_many_pixels()
    return ImageOps.exif_transpose(opened).convert("RGBA")


def on_white(picture: Image.Image) -> Image.Image:
    """Nothing but its points, on white where it was transparent."""
    bare = Image.new("RGB", picture.size, "white")
    bare.paste(picture, mask=picture.getchannel("A"))
    return bare


def _drawn(upright: Image.Image) -> bytes:
    """Cut to a square."""
    size = (SIDE, SIDE)
    fitted = ImageOps.fit(upright, size, Image.Resampling.LANCZOS, centering=ABOVE_THE_MIDDLE)
    return _encoded(on_white(fitted))


def _encoded(picture: Image.Image) -> bytes:
    """As good as fits into what is kept."""
    for quality in QUALITIES:
        written = io.BytesIO()
        picture.save(written, "JPEG", quality=quality, optimize=True)
        if written.tell() <= LARGEST_KEPT:
            break
    return written.getvalue()
