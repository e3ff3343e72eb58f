"""open_clip comes without torch's compiler and without transformers, and both can be had afterwards."""

from __future__ import annotations

import json
import subprocess
import sys

_PROGRAM = """
import importlib.util, json, sys
import torch
from engine.clip import library
from engine.training.optimizer import adamw

def loaded(): return [name for name in ("torch._dynamo", "sympy", "transformers") if name in sys.modules]

found = {"installed": importlib.util.find_spec("transformers") is not None}
open_clip = library.load()
found["same"] = library.load() is open_clip
weight = torch.nn.Parameter(torch.ones(2, 2))
optimizer = adamw([{"params": [weight], "weight_decay": 0.1, "lr_scale": 1.0}], 0.1)
weight.square().sum().backward()
optimizer.step()
optimizer.zero_grad()
optimizer.load_state_dict(optimizer.state_dict())
found["lean"] = loaded()

library.load(text_towers=True)
found["towers"] = open_clip.model.HFTextEncoder is open_clip.hf_model.HFTextEncoder
found["poolers"] = sorted(open_clip.hf_model._POOLERS)
found["with transformers"] = open_clip.hf_model.transformers is not None
found["left"] = [str(each) for each in sys.meta_path if type(each).__module__ == library.__name__]

graphs = []
def backend(graph, inputs):
    graphs.append(graph)
    return graph.forward
compiled = torch.compile(lambda x: x * 2 + 1, backend=backend)
found["compiled"] = [compiled(torch.ones(2)).tolist(), len(graphs)]
print(json.dumps(found))
"""


def test_only_what_is_used_is_loaded_and_the_rest_works_when_it_is() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["same"]
    assert found["lean"] == []
    assert found["towers"]
    assert found["with transformers"] is found["installed"]
    assert "mean_pooler" in found["poolers"]
    assert found["left"] == []
    assert found["compiled"] == [[3.0, 3.0], 1]


_ASKS_FOR_MORE = """
import sys
import torch
from engine.clip import library

class AsksForMore:
    # as a newer timm might, while it is loaded
    def find_spec(self, name, path, target=None):
        if name == "timm":
            import torch._dynamo.config
        return None

sys.meta_path.insert(0, AsksForMore())
open_clip = library.load()
assert len(open_clip.list_models()) > 50
assert open_clip.model.CLIP is sys.modules["open_clip.model"].CLIP
assert "torch._dynamo.config" in sys.modules
assert not [each for each in sys.meta_path if type(each).__module__ == library.__name__]
linear = torch.compile(torch.nn.Linear(2, 2), backend="eager")
assert linear(torch.ones(1, 2)).shape == (1, 2)
"""


def test_a_library_that_wants_the_compiler_gets_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ASKS_FOR_MORE], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
