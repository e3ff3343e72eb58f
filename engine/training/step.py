"""One optimizer step, in parts where memory asks for it, with the same gradients.

A contrastive loss needs all embeddings of a batch at once, so a batch that does not fit is
not simply cut: its parts are embedded without gradients, the loss is taken over all rows,
and each part is embedded again to pass the rows' gradients on (gradient caching; Gao et al.
2021, arXiv 2101.06983).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.control import Control
from engine.data import keys
from engine.data.batches import Batch
from engine.errors import OutOfMemory
from engine.evaluation.features import Normalizer
from engine.memory import is_out_of_memory
from engine.methods import StepLearner
from engine.training.precision import Plan, arithmetic


@dataclass
class StepResult:
    """What a step tells; the loss stays on the device until someone looks."""

    loss: Tensor
    floor: float


def training_mode(module: nn.Module, freeze_batchnorm: bool) -> None:
    """Training mode; BatchNorm keeps its pretrained running statistics if frozen."""
    module.train()
    if freeze_batchnorm:
        for child in module.modules():
            if isinstance(child, nn.modules.batchnorm._BatchNorm):
                child.eval()


class Stepper:
    """Runs optimizer steps of a learner according to a plan."""

    def __init__(
        self,
        learner: StepLearner,
        optimizer: torch.optim.Optimizer,
        normalize: Normalizer,
        plan: Plan,
        clip_gradient: float | None,
        control: Control,
    ) -> None:
        self._learner = learner
        self._optimizer = optimizer
        self._normalize = normalize
        self._clip = learner.clip_gradient if clip_gradient is None else clip_gradient
        self._control = control
        self._device = torch.device(plan.device)
        self._precision = plan.precision
        self.micro_batch = plan.micro_batch
        self.scaler = torch.amp.GradScaler(self._device.type, enabled=plan.precision == "fp16")
        # what does not move must not take room in the norm
        self._parameters = [
            p for group in optimizer.param_groups if group.get("lr_scale", 1.0) > 0 for p in group["params"]
        ]

    def _embed(self, part: Batch) -> dict[str, Tensor]:
        # dropout, where a tower has it, is keyed too, but by the part and not by each picture: with
        # dropout, and only then, parts give other gradients than the whole
        torch.manual_seed(keys.key(part.seed, part.epoch, "dropout", *part.names[:1]))
        with arithmetic(self._device, self._precision):
            return self._learner.embed(part, self._normalize(part.images_BHWC))

    def _shared(self, batch: Batch) -> dict[str, Tensor]:
        torch.manual_seed(keys.key(batch.seed, batch.epoch, "dropout", "shared", *batch.names[:1]))
        with arithmetic(self._device, self._precision):
            return self._learner.shared(batch)

    def gradients(self, batch: Batch) -> StepResult:
        """Fill the gradients of a batch; nothing is stepped.

        Raises Cancelled between parts when asked to, OutOfMemory when not even one picture fits.
        """
        while True:
            self._optimizer.zero_grad(set_to_none=True)
            try:
                if self.micro_batch >= len(batch):
                    return self._whole(batch)
                return self._in_parts(batch)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                if self.micro_batch <= 1:
                    raise OutOfMemory(
                        "training.out_of_memory", str(error), device=str(self._device)
                    ) from None
            # outside the except block, so that the failed step's tensors are gone
            self._optimizer.zero_grad(set_to_none=True)
            self.micro_batch = max(1, min(self.micro_batch, len(batch)) // 2)
            if self._device.type == "cuda":
                torch.cuda.empty_cache()

    def _whole(self, batch: Batch) -> StepResult:
        self._control.check()
        loss = self._learner.loss({**self._embed(batch), **self._shared(batch)}, batch.labels_B)
        torch.autograd.backward(self.scaler.scale(loss.value))
        return StepResult(loss.value.detach(), loss.floor)

    def _in_parts(self, batch: Batch) -> StepResult:
        bounds = [
            (start, min(start + self.micro_batch, len(batch)))
            for start in range(0, len(batch), self.micro_batch)
        ]
        rows: dict[str, list[Tensor]] = {}
        with torch.no_grad():
            for start, stop in bounds:
                self._control.check()
                for name, tensor in self._embed(batch.part(start, stop)).items():
                    rows.setdefault(name, []).append(tensor)
        leaves = {name: torch.cat(parts).detach().requires_grad_() for name, parts in rows.items()}
        loss = self._learner.loss({**leaves, **self._shared(batch)}, batch.labels_B)
        # fills the rows' gradients, and those of parameters that the loss or what is shared uses
        torch.autograd.backward(self.scaler.scale(loss.value))
        for start, stop in bounds:
            self._control.check()
            outputs = self._embed(batch.part(start, stop))
            used = [name for name in outputs if leaves[name].grad is not None]
            torch.autograd.backward(
                [outputs[name] for name in used],
                [_rows(leaves[name], start, stop) for name in used],
            )
        return StepResult(loss.value.detach(), loss.floor)

    def step(self, batch: Batch) -> StepResult:
        """Gradients of the batch, then one step of the optimizer and of what follows it."""
        result = self.gradients(batch)
        if self._clip is not None:
            self.scaler.unscale_(self._optimizer)
            torch.nn.utils.clip_grad_norm_(self._parameters, self._clip)
        try:
            self.scaler.step(self._optimizer)
        except (RuntimeError, MemoryError) as error:
            # its state is made at the first step, and no smaller part would need less
            if is_out_of_memory(error):
                raise OutOfMemory("training.out_of_memory", str(error), device=str(self._device)) from None
            raise
        self.scaler.update()
        self._learner.after_step()
        return result


def _rows(leaf: Tensor, start: int, stop: int) -> Tensor:
    assert leaf.grad is not None
    return leaf.grad[start:stop]
