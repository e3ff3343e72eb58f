"""Say what pictures show: python predict.py PICTURE… (needs: pip install onnxruntime pillow)."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

HERE = Path(__file__).resolve().parent
LABELS = json.loads((HERE / "labels.json").read_text("utf-8"))
P = json.loads((HERE / "preprocessing.json").read_text("utf-8"))


def pixels(path):
    """The picture upright, RGB, of the model's size."""
    with Image.open(path) as opened:
        image = ImageOps.exif_transpose(opened)
    if image.mode.startswith("I;16"):
        image = Image.fromarray(((np.asarray(image).astype("u4") * 255 + 32767) // 65535).astype("u1"))
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    image = image.convert("RGB")
    (w, h), (W, H) = image.size, (P["width"], P["height"])
    resample = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}[
        P["interpolation"]
    ]
    if P["mode"] == "squash":
        return np.asarray(image.resize((W, H), resample))
    ratio = (max if P["mode"] == "letterbox" else min)(h / H, w / W)
    size = (max(1, round(w / ratio)), max(1, round(h / ratio)))
    if P["mode"] == "crop" and W == H:
        size = (W, int(W * h / w)) if w <= h else (int(H * w / h), H)
    canvas = Image.new("RGB", (max(W, size[0]), max(H, size[1])), (P["fill"],) * 3)
    canvas.paste(image.resize(size, resample), (max(0, W - size[0]) // 2, max(0, H - size[1]) // 2))
    left, top = round((canvas.width - W) / 2), round((canvas.height - H) / 2)
    return np.asarray(canvas.crop((left, top, left + W, top + H)))


def run(paths):
    """Probabilities, logits and embeddings, a row a picture."""
    session = onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])
    rows = [session.run(None, {"pictures": pixels(path)[None]}) for path in paths]
    return [np.concatenate(parts) for parts in zip(*rows, strict=True)]


if __name__ == "__main__":
    for path, row in zip(sys.argv[1:], run(sys.argv[1:])[0], strict=True):
        print(path, *(f"{LABELS[i]} {row[i]:.1%}" for i in np.argsort(-row)[:3]), sep="\t")
