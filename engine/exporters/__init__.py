"""What takes a finetuned model elsewhere, and how it is found: every module here with an ``EXPORTER``.

A new format is one new file. ``flyp export``, its help and the window see it by itself.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.control import Control
from engine.errors import EngineError
from engine.exporters.about import About
from engine.exporters.reader import Reader
from engine.messages import Message

if TYPE_CHECKING:
    from engine.exporters.subject import Subject


class Options(BaseModel):
    """A format's own options; their docstrings are the help in terminal and window."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


Precision = Literal["fp32", "fp16"]


class Exporter(Protocol):
    """A form in which a model can leave."""

    name: ClassVar[str]
    """For ``--format``."""
    title: ClassVar[str]
    summary: ClassVar[str]
    """What it is, in a line or two."""
    readers: ClassVar[tuple[str, ...]]
    """Programs and libraries that read it."""
    library: ClassVar[str]
    """For a model card's ``library_name``."""
    Options: ClassVar[type[Options]]

    def supports(self, subject: Subject, options: Any) -> Message | None:
        """Why this run cannot leave in this form, with what to do, or None if it can."""
        ...

    def write(self, subject: Subject, about: About, options: Any, folder: Path, control: Control) -> None:
        """Write the form's own files into a fresh folder."""
        ...

    def open(self, folder: Path, about: About) -> Reader:
        """Load an export, which a stranger may have made, without running code of it."""
        ...

    def real(self, folder: Path, about: About) -> Reader:
        """Load an export of our own the way its users do, with their library."""
        ...

    def code(self, about: About) -> str:
        """A few lines of Python that load it and classify a picture."""
        ...


@cache
def exporters() -> dict[str, Exporter]:
    """Every exporter by its name, in order of the names."""
    found: dict[str, Exporter] = {}
    for module in pkgutil.iter_modules(__path__):
        exporter = getattr(importlib.import_module(f"{__name__}.{module.name}"), "EXPORTER", None)
        if exporter is not None:
            found[exporter.name] = exporter
    return dict(sorted(found.items()))


def find(name: str) -> Exporter:
    """The exporter of that name. Raises EngineError listing those there are."""
    try:
        return exporters()[name]
    except KeyError:
        raise EngineError("export.no_format", name=name, known=", ".join(exporters())) from None


def options_of(exporter: Exporter, given: dict[str, Any]) -> Options:
    """The exporter's options, checked. Raises EngineError that names the first wrong one."""
    try:
        return exporter.Options.model_validate(given)
    except ValidationError as error:
        item = error.errors()[0]
        raise EngineError(
            "export.wrong_option",
            format=exporter.name,
            option=".".join(str(part) for part in item["loc"]),
            reason="there is no such option" if item["type"] == "extra_forbidden" else item["msg"],
            known=", ".join(exporter.Options.model_fields) or "none",
        ) from None
