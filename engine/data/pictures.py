"""Any picture file to RGB, or a clear reason why not. Torch-free; safe to call from many threads."""

from __future__ import annotations

import importlib
import importlib.util
import io
import stat
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, UnidentifiedImageError

from engine.data.records import ProblemKind, shown
from engine.messages import Message, say

MAX_PIXELS = 178_956_970
"""Largest picture that is decoded: where Pillow itself refuses, about half a gigabyte as RGB."""

BIG_PIXELS = 16_000_000
"""Above this only one picture is decoded at a time, whatever the number of threads."""

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "DIB", "GIF", "TIFF", "PPM", "AVIF", "HEIF")
"""Pillow's names of what is opened. No format that runs another program (EPS) is among them."""

_WHOLE_BYTES = 32 * 2**20
"""Files up to this size are read once into memory; larger ones are read twice from the disk."""

_HEIF_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"heif"})
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation -> what sets the picture upright."""

_one_big = threading.Lock()
_heif_lock = threading.Lock()

# Pillow warns from MAX_IMAGE_PIXELS on and refuses at twice that. Here the first already counts
# as too large, as an exception: catching warnings is not safe with threads.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)
# remarks on odd metadata are of no use on a terminal
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


def _register() -> None:
    """Load the decoders now: Pillow does it at first use, which threads would race for."""
    Image.preinit()
    for name in ("WebPImagePlugin", "TiffImagePlugin", "AvifImagePlugin"):
        if importlib.util.find_spec(f"PIL.{name}"):
            importlib.import_module(f"PIL.{name}")


_register()


class PictureError(Exception):
    """Why a file gives no picture: the kind of problem and its words."""

    def __init__(self, kind: ProblemKind, message: Message) -> None:
        super().__init__(str(message))
        self.kind = kind
        self.message = message


def heif_available() -> bool:
    """Whether the optional HEIC decoder is installed; if so it is made known to Pillow."""
    with _heif_lock:
        if "HEIF" in Image.OPEN:
            return True
        if importlib.util.find_spec("pi_heif") is None:
            return False
        pi_heif = importlib.import_module("pi_heif")
        pi_heif.register_heif_opener()
        return True


def _is_heif(head: bytes) -> bool:
    return head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS


def _begins_like_a_picture(head: bytes) -> bool:
    starts = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*")
    return head.startswith(starts) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP") or _is_heif(head)


@contextmanager
def opened(path: str | Path) -> Iterator[IO[bytes]]:
    """The bytes of an ordinary file as a stream, small files wholly in memory.

    Raises PictureError if there is no such file, or it is empty.
    """
    path = Path(path)
    name = shown(str(path))
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            # opening a pipe would wait for ever
            raise PictureError(ProblemKind.UNREADABLE, say("data.not_a_file", path=name))
        if status.st_size == 0:
            raise PictureError(ProblemKind.EMPTY_FILE, say("data.empty_file", path=name))
        if status.st_size <= _WHOLE_BYTES:
            stream: IO[bytes] = io.BytesIO(path.read_bytes())
        else:
            stream = path.open("rb")
    except (OSError, ValueError) as error:
        # a NUL in the name is no error of the operating system's
        raise _unreadable(name, error) from error
    with stream:
        yield stream


def _unreadable(name: str, error: OSError | ValueError) -> PictureError:
    reason = getattr(error, "strerror", None) or str(error)
    return PictureError(ProblemKind.UNREADABLE, say("data.unreadable", path=name, reason=reason))


@contextmanager
def _decoding(name: str) -> Iterator[None]:
    """Every way in which decoding fails becomes a PictureError."""
    try:
        yield
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise _too_large(name) from error
    except OSError as error:
        if error.errno is not None:
            raise _unreadable(name, error) from error
        raise _damaged(name, error) from error
    except Exception as error:  # decoders raise anything at all on damaged files
        raise _damaged(name, error) from error


def _too_large(name: str) -> PictureError:
    message = say(
        "data.too_large", path=name, limit=MAX_PIXELS // 1_000_000, advice="it is far more than a model sees"
    )
    return PictureError(ProblemKind.TOO_LARGE, message)


def _damaged(name: str, error: Exception) -> PictureError:
    reason = str(error) or type(error).__name__
    return PictureError(ProblemKind.TRUNCATED, say("data.truncated", path=name, reason=reason))


@contextmanager
def _image(stream: IO[bytes], name: str) -> Iterator[Image.Image]:
    """The picture in a stream, its header read, not yet decoded."""
    head = stream.read(32)
    stream.seek(0)
    if _is_heif(head) and not heif_available():
        raise PictureError(ProblemKind.NOT_A_PICTURE, say("data.heic_missing", path=name))
    with _decoding(name):
        try:
            image = Image.open(stream, formats=[known for known in FORMATS if known in Image.OPEN])
        except UnidentifiedImageError as error:
            if _begins_like_a_picture(head):
                raise _damaged(name, ValueError("its header is broken")) from error
            raise PictureError(ProblemKind.NOT_A_PICTURE, say("data.not_a_picture", path=name)) from error
    with image:
        pixels = image.width * image.height
        if pixels > MAX_PIXELS:
            raise _too_large(name)
        with _one_big if pixels > BIG_PIXELS else nullcontext():
            yield image


def open_rgb(path: str | Path, shorter_side: int | None = None) -> Image.Image:
    """The picture as RGB, upright, transparency on white, first frame, 16 bits scaled to 8.

    With ``shorter_side`` a JPEG may come reduced (by 2, 4 or 8, in the decoder, which is much
    quicker), but never below that many pixels. Raises PictureError.
    """
    name = shown(str(path))
    with opened(path) as stream, _image(stream, name) as image:
        with _decoding(name):
            if shorter_side is not None:
                scale = min(image.size) // max(1, shorter_side)
                if scale > 1:
                    image.draft(None, (image.width // scale, image.height // scale))
            image.load()
        turn = _TURNS.get(_orientation(image))
        rgb = _rgb(image)
        return rgb.transpose(turn) if turn is not None else rgb


def size_of(stream: IO[bytes], name: str) -> tuple[int, int]:
    """Width and height, after decoding all of the picture's data. Raises PictureError.

    JPEGs are decoded at an eighth of their size: all data is read, but memory stays small.
    """
    with _image(stream, name) as image:
        size = image.size
        with _decoding(name):
            image.draft(None, (max(1, size[0] // 8), max(1, size[1] // 8)))
            image.load()
        return size


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION)
    except Exception:  # noqa: BLE001  broken metadata raises anything; the pixels are good
        return 1
    return value if isinstance(value, int) else 1


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        return _gray((np.asarray(image).astype(np.uint32) * 255 + 32767) // 65535)
    if image.mode in {"I", "F"}:
        return _gray(_eight_bits(np.asarray(image)))
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGB", image.size, (255, 255, 255))
        white.paste(rgba, mask=rgba)
        return white
    return image.convert("RGB")


def _gray(values: np.ndarray) -> Image.Image:
    return Image.fromarray(values.astype(np.uint8)).convert("RGB")


def _eight_bits(values: np.ndarray) -> np.ndarray:
    """Numbers whose range the format does not tell, as 0 to 255.

    The smallest customary range that holds them is taken: 0-1 (fractions only), 0-255,
    0-65535; any other is stretched from its lowest to its highest.
    """
    numbers = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(numbers.min()), float(numbers.max())
    if low >= 0 and values.dtype.kind == "f" and high <= 1:
        numbers = numbers * 255
    elif low >= 0 and high <= 255:
        pass
    elif low >= 0 and high <= 65535:
        numbers = numbers / 257
    else:
        numbers = (numbers - low) * (255 / ((high - low) or 1))
    rounded: np.ndarray = np.floor(numbers + 0.5)
    return rounded
