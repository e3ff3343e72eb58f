"""Both programs start with what the bundle leaves out being absent: libraries import more than we name."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

IMPORTED = '''
import importlib, pkgutil, sys
from resources.packaging import parts

class Without:
    """A finder that does not find these; nor does anybody else."""
    def __init__(self, finder, names):
        self.finder, self.names = finder, names
    def find_spec(self, name, path=None, target=None):
        if any(name == out or name.startswith(out + ".") for out in self.names):
            return None
        return self.finder.find_spec(name, path, target)
    def __getattr__(self, name):
        return getattr(self.finder, name)

def leave_out(names):
    sys.meta_path[:] = [Without(finder, names) for finder in sys.meta_path]

def everything(package):
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
'''
WINDOW = """
leave_out(parts.WINDOW_EXCLUDES)
everything("app")
import pi_heif
"""
ENGINE = """
leave_out(parts.ENGINE_EXCLUDES)
everything("engine")
import matplotlib
from matplotlib.figure import Figure
from matplotlib.backends import backend_agg, backend_svg
import torch, onnx, onnxruntime, onnxscript, pi_heif, sentencepiece
import torch.onnx._internal.exporter._core, torch.distributed.fsdp
from transformers import AutoModel, AutoTokenizer, CLIPModel, CLIPProcessor
linear = torch.nn.Linear(2, 2).eval()
torch.onnx.export(linear, (torch.ones(1, 2),), dynamo=True, verbose=False)
"""


@pytest.mark.parametrize(
    ("program", "needs"), [(WINDOW, "PySide6"), (ENGINE, "onnxscript")], ids=["window", "engine"]
)
def test_it_works_without_what_the_bundle_leaves_out(
    program: str, needs: str, root: Path, tmp_path: Path
) -> None:
    if any(importlib.util.find_spec(each) is None for each in (needs, "pi_heif")):
        pytest.skip(f"needs {needs} and pi_heif")
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED + program], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
