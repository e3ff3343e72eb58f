"""Writes sizes.json: how large each architecture's towers are. Run it when open_clip is updated.

    python -m engine.clip.measure_sizes [ARCHITECTURE …]

Counts are taken on torch's meta device, without weights and without the network. Text towers of
transformers need the hub for their configuration; their architectures are left out unless they
are named and the hub is there.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TypedDict

from torch import nn

from engine.clip import build, library, sources
from engine.clip.quiet import quiet

SIZES_FILE = Path(__file__).with_name("sizes.json")


class Sizes(TypedDict):
    """What the catalogue shows of an architecture."""

    image: int
    """Parameters of the image tower."""
    text: int
    """Parameters of the text tower, projection included."""
    pixels: list[int]
    """Height and width of the input."""


def measure(name: str) -> Sizes:
    """The sizes of an architecture, from its modules on the meta device."""
    config = sources.architecture(name)
    if config is None:
        raise KeyError(name)
    # the tokenizer does not matter here
    config["text_cfg"].pop("hf_tokenizer_name", None)
    model = build.build(config, name, device="meta")
    visual = model.visual
    assert isinstance(visual, nn.Module)
    image = sum(p.numel() for p in visual.parameters())
    scalars = sum(p.numel() for n, p in model.named_parameters() if n in ("logit_scale", "logit_bias"))
    text = sum(p.numel() for p in model.parameters()) - image - scalars
    size = config["vision_cfg"].get("image_size", 224)
    return Sizes(image=image, text=text, pixels=[size, size] if isinstance(size, int) else list(size))


def offered() -> list[str]:
    """Architectures with published weights that can be measured without the hub, each once."""
    with quiet():
        published = library.load().list_pretrained()
    names = dict.fromkeys(name.removesuffix("-quickgelu") for name, _ in published)
    configs = {name: sources.architecture(name) for name in names}
    return [
        name
        for name, config in configs.items()
        if config is not None
        and "multimodal_cfg" not in config
        and build.need_transformers(config) != "text tower"
    ]


def main(names: list[str]) -> None:
    """Measure the named architectures (all that can be) and write the table."""
    known: dict[str, Sizes] = {}
    if names and SIZES_FILE.is_file():
        known = json.loads(SIZES_FILE.read_text(encoding="utf-8"))
    for name in names or offered():
        known[name] = measure(name)
        print(name, known[name], file=sys.stderr)
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(sizes)}" for name, sizes in sorted(known.items()))
    SIZES_FILE.write_text("{\n" + lines + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
