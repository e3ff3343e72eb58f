"""What the Prompts page shows of names and templates: captions, counts and what is said at each place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from PySide6.QtCore import QCoreApplication

from app import prompt_checks, texts
from app.prompt_checks import Trouble
from app.prompt_rows import PromptRows
from app.token_counts import TokenCounts
from app.widgets.class_names_model import ClassRow
from app.widgets.templates_model import TemplateRow

_MOST_EXACT = 1000
"""Captions near the limit that are counted one by one."""
_NEAR = 3
"""An estimated count may be wrong by so many tokens where name and template touch."""


def _tr(text: str) -> str:
    return QCoreApplication.translate("prompts", text)


@dataclass
class PromptView:
    """Made anew from the state at every change."""

    folders: tuple[str, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    """Folder -> name that the model is told."""
    templates: tuple[str, ...] = ()
    chosen: str = ""
    """Folder of the class whose captions are shown."""
    class_troubles: dict[str, Trouble] = field(default_factory=dict)
    template_troubles: dict[int, Trouble] = field(default_factory=dict)
    last_counts: list[int | None] = field(default_factory=list)
    """What each row showed last, for as long as the new count is not known."""
    near: tuple[str, ...] = ()
    """Captions of any class that may be longer than the model reads."""

    def troubles(self) -> list[Trouble]:
        """What keeps the person here, templates first."""
        every = [*self.template_troubles.values(), *self.class_troubles.values()]
        return [trouble for trouble in every if trouble.tone == "bad"]

    def warnings(self) -> int:
        """Things said that do not keep the person here."""
        every = [*self.template_troubles.values(), *self.class_troubles.values()]
        return sum(trouble.tone == "warn" for trouble in every)

    def caption(self, template: str, folder: str) -> str:
        """The template with the class's name; empty if it is a draft or there is no class."""
        if not prompt_checks.is_template(template) or folder not in self.names:
            return ""
        return template.replace("{}", self.names[folder])

    def usable(self) -> list[str]:
        """The templates without drafts, each once."""
        return [text for text in dict.fromkeys(self.templates) if prompt_checks.is_template(text)]

    def wanted(self) -> Iterator[str]:
        """Captions whose tokens are to be counted: of the chosen class, of one template, and near the limit."""
        for template in self.templates:
            # a draft is counted as it stands
            yield self.caption(template, self.chosen) or template
        first = next(iter(self.usable()), "")
        for folder in self.folders if first else ():
            yield self.caption(first, folder)
        yield from self.near

    def class_rows(self, own: dict[str, str], pictures: dict[str, int]) -> list[ClassRow]:
        """For the table of classes."""
        return [
            ClassRow(
                folder,
                self.names[folder],
                folder in own,
                pictures.get(folder),
                self.class_troubles.get(folder),
            )
            for folder in self.folders
        ]

    def template_rows(self, counts: TokenCounts) -> list[TemplateRow]:
        """For the table of templates; remembers the counts shown."""
        rows = []
        shown: list[int | None] = []
        for i, template in enumerate(self.templates):
            caption = self.caption(template, self.chosen)
            known = counts.of(caption or template)
            last = self.last_counts[i] if i < len(self.last_counts) else None
            tokens = known if known is not None else last
            shown.append(tokens)
            rows.append(
                TemplateRow(
                    template, caption, tokens, counts.limit, known is not None, self.template_troubles.get(i)
                )
            )
        self.last_counts = shown
        return rows


def looked_at(rows: PromptRows, counts: TokenCounts, chosen: str, before: PromptView) -> PromptView:
    """The view of the rows as they are now."""
    folders, templates = rows.folders(), tuple(rows.shown_templates())
    names = prompt_checks.shown_names(folders, rows.own_names())
    made = PromptView(
        folders=folders,
        names=names,
        templates=templates,
        chosen=chosen if chosen in names else next(iter(folders), ""),
        last_counts=_moved(before, templates),
    )
    if counts.trouble is not None:
        made.last_counts = []
    made.near = tuple(_near_limit(made, counts))
    made.class_troubles = _class_troubles(made, counts)
    made.template_troubles = _template_troubles(made, rows, counts)
    return made


def _moved(before: PromptView, templates: tuple[str, ...]) -> list[int | None]:
    """The counts shown last, at the rows where their templates are now."""
    if len(before.templates) == len(templates):
        return list(before.last_counts)
    of = dict(zip(before.templates, before.last_counts, strict=False))
    return [of.get(template) for template in templates]


def _class_troubles(view: PromptView, counts: TokenCounts) -> dict[str, Trouble]:
    found = prompt_checks.same_names(view.names)
    if not found:
        found = prompt_checks.same_captions(view.names, view.usable())
    if counts.unfamiliar:
        for folder, name in view.names.items():
            new = [word for word in prompt_checks.words(name) if word in counts.unfamiliar]
            if new and folder not in found:
                found[folder] = _unfamiliar(new)
    return found


def _unfamiliar(words: list[str]) -> Trouble:
    some = ", ".join(f"‘{word}’" for word in dict.fromkeys(words))
    return Trouble("warn", _tr("The starter never read {}.").format(some))


def _template_troubles(view: PromptView, rows: PromptRows, counts: TokenCounts) -> dict[int, Trouble]:
    found: dict[int, Trouble] = {}
    for i, template in enumerate(view.templates):
        if not template.strip() and i >= len(rows.templates):
            continue  # a row that was just added
        trouble = prompt_checks.of_template(i + 1, template, view.templates[:i])
        if trouble is None:
            trouble = _cut(view, template, counts)
        if trouble is None and counts.unfamiliar:
            new = [word for word in prompt_checks.words(template) if word in counts.unfamiliar]
            trouble = _unfamiliar(new) if new else None
        if trouble is not None:
            found[i] = trouble
    return found


def _cut(view: PromptView, template: str, counts: TokenCounts) -> Trouble | None:
    """Captions whose end the model does not read."""
    limit = counts.limit
    if limit is None:
        return None
    if not view.near:
        return None
    cut = [
        folder
        for folder in view.folders
        if (known := counts.of(view.caption(template, folder))) is not None and known > limit
    ]
    if not cut:
        return None
    text = _tr("Cut off after {} tokens.").format(limit)
    if len(cut) < len(view.folders):
        count = _tr("1 class") if len(cut) == 1 else _tr("{} classes").format(texts.number(len(cut)))
        text = _tr("Cut off after {} tokens for {}.").format(limit, count)
    whole = _tr("The model does not read the end, as with ‘{}’. Shorten the name or the template.")
    return Trouble("warn", text, whole.format(view.names[cut[0]]))


def _near_limit(view: PromptView, counts: TokenCounts) -> Iterator[str]:
    """Estimated from one template's and one class's counts, so that not every caption must be counted."""
    limit, usable = counts.limit, view.usable()
    base = counts.of(view.caption(usable[0], view.chosen)) if usable else None
    if limit is None or base is None:
        return
    of_class = {folder: counts.of(view.caption(usable[0], folder)) for folder in view.folders}
    longest = max((count for count in of_class.values() if count is not None), default=0)
    left = _MOST_EXACT
    for template in usable:
        here = counts.of(view.caption(template, view.chosen))
        if here is None or here + longest - base <= limit - _NEAR:
            continue
        for folder, there in of_class.items():
            if there is not None and here + there - base > limit - _NEAR:
                yield view.caption(template, folder)
                left -= 1
                if left == 0:
                    return
