"""The pictures of a class with what each is used for, for showing them. Torch-free."""

from __future__ import annotations

from engine.control import Control
from engine.data.inspection import PicturesAnswer, PicturesRequest
from engine.data.records import shown
from engine.errors import EngineError
from engine.jobs import Emit, looked_at


def pictures(request: PicturesRequest, emit: Emit, control: Control) -> PicturesAnswer:
    """The pictures asked for, from what is remembered of the source or else from its folder alone."""
    data = request.data
    look = looked_at.recall(data, content=False)
    if look is None:
        look = looked_at.look(data, control, emit, content=False)
    root = shown(look.sources.main.root)
    by_class = look.arranged(data).uses
    if request.folder is None:
        found = [use for of_class in by_class.values() for use in of_class]
    elif request.folder in by_class:
        found = by_class[request.folder]
    else:
        raise EngineError("data.no_such_class", path=root, name=request.folder)
    if request.part != "all":
        found = [use for use in found if use.part == request.part]
    return PicturesAnswer(
        root=root,
        paths=tuple(use.path for use in found),
        parts=tuple(use.part for use in found),
        folders=() if request.folder is not None else tuple(use.folder for use in found),
    )
