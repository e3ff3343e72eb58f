"""Every mode and format becomes the right RGB; every bad file a clear reason."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.data import pictures
from engine.data.pictures import PictureError, open_rgb
from engine.data.records import ProblemKind

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def pixel(path: Path, at: tuple[int, int] = (0, 0)) -> tuple[int, ...]:
    image = open_rgb(path)
    assert image.mode == "RGB"
    value = image.getpixel(at)
    assert isinstance(value, tuple)
    return value


def kind(path: Path) -> ProblemKind:
    with pytest.raises(PictureError) as caught:
        open_rgb(path)
    assert path.name in caught.value.message.text
    return caught.value.kind


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        ("png", {}),
        ("bmp", {}),
        ("gif", {}),
        ("tif", {}),
        ("tiff", {"compression": "tiff_lzw"}),
        ("webp", {"lossless": True}),
    ],
)
def test_lossless_formats_keep_their_colours(tmp_path: Path, suffix: str, options: dict[str, Any]) -> None:
    image = Image.new("RGB", (4, 3), RED)
    image.putpixel((3, 2), BLUE)
    path = tmp_path / f"a.{suffix}"
    image.save(path, **options)
    assert open_rgb(path).size == (4, 3)
    assert pixel(path) == RED
    assert pixel(path, (3, 2)) == BLUE


def test_jpeg_in_rgb_gray_and_cmyk(tmp_path: Path) -> None:
    Image.new("RGB", (16, 16), RED).save(tmp_path / "rgb.jpg", quality=95)
    Image.new("L", (16, 16), 100).save(tmp_path / "l.jpg", quality=95)
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "cmyk.jpg", quality=95)
    for name in ("rgb.jpg", "cmyk.jpg"):
        assert np.abs(np.subtract(pixel(tmp_path / name), RED)).max() <= 3
    assert pixel(tmp_path / "l.jpg") == (100, 100, 100)


def test_suffix_does_not_matter(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4), GREEN).save(tmp_path / "a.jpg", "PNG")
    assert pixel(tmp_path / "a.jpg") == GREEN


@pytest.mark.parametrize(
    ("mode", "colour", "suffix", "expected"),
    [
        ("1", 1, "png", WHITE),
        ("L", 77, "png", (77, 77, 77)),
        ("LA", (77, 255), "png", (77, 77, 77)),
        ("LA", (77, 0), "png", WHITE),
        ("RGBA", (*RED, 255), "png", RED),
        ("RGBA", (*RED, 0), "png", WHITE),
        ("RGBA", (0, 0, 0, 51), "png", (204, 204, 204)),
        ("CMYK", (255, 0, 255, 0), "tif", GREEN),
        ("YCbCr", (76, 85, 255), "tif", (254, 0, 0)),
        ("LAB", (255, 128, 128), "tif", WHITE),
    ],
)
def test_modes(
    tmp_path: Path, mode: str, colour: int | tuple[int, ...], suffix: str, expected: tuple[int, ...]
) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.new(mode, (4, 4), colour).save(path)
    assert np.abs(np.subtract(pixel(path), expected)).max() <= 1


def test_palette_with_transparency_is_put_on_white(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1), 0)
    image.putpalette([*RED, *BLUE])
    image.putpixel((1, 0), 1)
    image.save(tmp_path / "one.png", transparency=0)
    image.save(tmp_path / "bytes.png", transparency=bytes([255, 0]))
    image.save(tmp_path / "a.gif", transparency=0)
    assert (pixel(tmp_path / "one.png"), pixel(tmp_path / "one.png", (1, 0))) == (WHITE, BLUE)
    assert (pixel(tmp_path / "bytes.png"), pixel(tmp_path / "bytes.png", (1, 0))) == (RED, WHITE)
    assert (pixel(tmp_path / "a.gif"), pixel(tmp_path / "a.gif", (1, 0))) == (WHITE, BLUE)


def test_transparent_colour_of_a_picture_without_palette(tmp_path: Path) -> None:
    Image.new("RGB", (2, 2), RED).save(tmp_path / "rgb.png", transparency=RED)
    Image.new("L", (2, 2), 9).save(tmp_path / "l.png", transparency=9)
    assert pixel(tmp_path / "rgb.png") == WHITE
    assert pixel(tmp_path / "l.png") == WHITE


@pytest.mark.parametrize(("value", "expected"), [(0, 0), (128, 0), (129, 1), (32768, 128), (65535, 255)])
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_are_scaled(tmp_path: Path, value: int, expected: int, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(np.full((2, 2), value, np.uint16)).save(path)
    assert pixel(path) == (expected,) * 3


def test_sixteen_bits_of_the_other_byte_order(tmp_path: Path) -> None:
    Image.frombytes("I;16B", (1, 1), b"\x80\x00").save(tmp_path / "a.tif")
    assert pixel(tmp_path / "a.tif") == (128, 128, 128)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0, 200]], np.int32), (0, 200)),
        (np.array([[0, 65535]], np.int32), (0, 255)),
        (np.array([[0, 25700]], np.int32), (0, 100)),
        (np.array([[-100, 100]], np.int32), (0, 255)),
        (np.array([[0.0, 0.5]], np.float32), (0, 128)),
        (np.array([[0.0, 200.0]], np.float32), (0, 200)),
        (np.array([[np.nan, 1.0]], np.float32), (0, 255)),
        (np.array([[-3.0, -3.0]], np.float32), (0, 0)),
    ],
)
def test_integers_and_floats_find_their_range(
    tmp_path: Path, values: np.ndarray, expected: tuple[int, int]
) -> None:
    path = tmp_path / "a.tif"
    Image.fromarray(values).save(path)
    assert (pixel(path)[0], pixel(path, (1, 0))[0]) == expected


def test_first_frame_of_what_moves(tmp_path: Path) -> None:
    first, second = Image.new("RGB", (4, 4), RED), Image.new("RGB", (4, 4), BLUE)
    for name in ("a.gif", "a.png", "a.tif"):
        first.save(tmp_path / name, save_all=True, append_images=[second])
        assert pixel(tmp_path / name) == RED
    first.save(tmp_path / "a.webp", save_all=True, append_images=[second], lossless=True)
    assert pixel(tmp_path / "a.webp") == RED


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif"])
def test_exif_orientation(tmp_path: Path, orientation: int, suffix: str) -> None:
    upright = Image.new("RGB", (32, 48), WHITE)
    upright.paste(RED, (0, 0, 16, 16))
    upright.paste(BLUE, (16, 0, 32, 16))
    # how a camera that was held that way would store it: the inverse of what sets it upright
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }.get(orientation)
    stored = upright.transpose(turn) if turn is not None else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"a.{suffix}"
    stored.save(path, exif=exif)
    image = open_rgb(path)
    assert image.size == (32, 48)
    assert np.abs(np.asarray(image, int) - np.asarray(upright, int)).mean() < 3


def test_broken_exif_does_not_cost_the_picture(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), RED).save(tmp_path / "a.png", exif=b"Exif\0\0nonsense")
    assert pixel(tmp_path / "a.png") == RED


def test_a_jpeg_may_come_smaller_but_not_too_small(tmp_path: Path) -> None:
    Image.new("RGB", (800, 600), RED).save(tmp_path / "a.jpg")
    assert open_rgb(tmp_path / "a.jpg").size == (800, 600)
    assert 100 <= min(open_rgb(tmp_path / "a.jpg", shorter_side=100).size) < 600


# --- files that give no picture ---------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "bmp", "webp", "tif"])
def test_truncated(tmp_path: Path, suffix: str) -> None:
    whole = tmp_path / f"whole.{suffix}"
    Image.effect_noise((64, 64), 80).convert("RGB").save(whole)
    data = whole.read_bytes()
    for part in (len(data) // 2, len(data) * 9 // 10):
        path = tmp_path / f"cut.{suffix}"
        path.write_bytes(data[:part])
        assert kind(path) is ProblemKind.TRUNCATED


def test_cut_within_the_header(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (4, 4)).save(path)
    path.write_bytes(path.read_bytes()[:12])
    assert kind(path) is ProblemKind.TRUNCATED


def test_empty_missing_and_no_picture(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "folder.jpg").mkdir()
    assert kind(tmp_path / "empty.jpg") is ProblemKind.EMPTY_FILE
    assert kind(tmp_path / "text.jpg") is ProblemKind.NOT_A_PICTURE
    assert kind(tmp_path / "folder.jpg") is ProblemKind.UNREADABLE
    assert kind(tmp_path / "missing.jpg") is ProblemKind.UNREADABLE


def test_no_program_is_started_for_a_picture(tmp_path: Path) -> None:
    (tmp_path / "a.eps").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n")
    assert kind(tmp_path / "a.eps") is ProblemKind.NOT_A_PICTURE


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    assert kind(tmp_path / "a.jpg") is ProblemKind.UNREADABLE


def test_too_large_is_refused_from_the_header(tmp_path: Path) -> None:
    path = tmp_path / "a.bmp"
    Image.new("1", (8, 8)).save(path)
    data = bytearray(path.read_bytes())
    for side in (14_000, 40_000):
        data[18:26] = side.to_bytes(4, "little") * 2
        path.write_bytes(data)
        with warnings.catch_warnings():
            # whatever a program's filters say: no warning, a PictureError
            warnings.simplefilter("ignore" if side == 14_000 else "error")
            assert kind(path) is ProblemKind.TOO_LARGE


def test_a_big_picture_within_the_limit_is_decoded(tmp_path: Path) -> None:
    Image.new("1", (10_000, 9_500), 1).save(tmp_path / "a.png")
    with pictures.opened(tmp_path / "a.png") as stream:
        assert pictures.size_of(stream, "a.png") == (10_000, 9_500)


def test_heic_with_and_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64))
    monkeypatch.setattr(pictures, "heif_available", lambda: False)
    with pytest.raises(PictureError) as caught:
        open_rgb(path)
    assert caught.value.kind is ProblemKind.NOT_A_PICTURE
    assert "flyp-gui[heic]" in caught.value.message.hint


def test_heic_is_read_with_the_extra() -> None:
    pytest.importorskip("pi_heif")
    # the extra reads and cannot write
    path = Path(__file__).with_name("red.heic")
    assert np.abs(np.subtract(pixel(path), (220, 30, 40))).max() <= 6


def test_the_room_is_free_of_torch() -> None:
    code = (
        "import sys; import engine.jobs.inspect, engine.data.split_file; "
        "sys.exit('torch' in sys.modules or 'open_clip' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
