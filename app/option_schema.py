"""What a JSON Schema says of one setting, and whether a value suits it. Knows no widgets."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QCoreApplication, QLocale

translate = QCoreApplication.translate

_INT32 = 2**31 - 1


@dataclass(frozen=True)
class Option:
    """One property of a schema, with references and 'or null' resolved."""

    name: str
    kind: str
    """'enum', 'boolean', 'integer', 'number', 'string' or 'json' for anything else."""
    help: str = ""
    default: Any = None
    nullable: bool = False
    choices: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    """``low`` itself is not allowed."""
    high_open: bool = False

    @property
    def countable(self) -> bool:
        """Whole numbers that a spin box can hold."""
        return self.kind == "integer" and self.whole_range()[1] <= _INT32

    def whole_range(self) -> tuple[int, int]:
        """Smallest and largest whole number that suits."""
        low = (
            -_INT32
            if self.low is None
            else math.ceil(self.low) + (self.low_open and self.low == int(self.low))
        )
        high = (
            _INT32
            if self.high is None
            else math.floor(self.high) - (self.high_open and self.high == int(self.high))
        )
        return low, high

    def range_words(self) -> str:
        """Which numbers suit, as a sentence; empty if any does."""
        if self.kind not in ("integer", "number"):
            return ""
        if self.kind == "integer":
            low, high = self.whole_range()
            if self.low is not None and self.high is not None:
                return translate("options", "From {} to {}.").format(_number(low), _number(high))
            if self.low is not None:
                return translate("options", "{} or more.").format(_number(low))
            return translate("options", "{} or less.").format(_number(high)) if self.high is not None else ""
        words = []
        if self.low is not None:
            words.append(
                (
                    translate("options", "above {}") if self.low_open else translate("options", "at least {}")
                ).format(plain(self.low))
            )
        if self.high is not None:
            words.append(
                (
                    translate("options", "below {}") if self.high_open else translate("options", "at most {}")
                ).format(plain(self.high))
            )
        text = translate("options", " and ").join(words)
        return f"{text[:1].upper()}{text[1:]}." if text else ""

    def wrong(self, value: Any) -> str:
        """Why a value does not suit, with the remedy; empty if it does."""
        if value is None:
            return "" if self.nullable else translate("options", "A value is needed here.")
        if self.kind == "enum":
            return "" if value in self.choices else translate("options", "Choose one from the list.")
        if self.kind in ("integer", "number"):
            return self._wrong_number(value)
        if self.kind == "string":
            return "" if isinstance(value, str) and value else translate("options", "Write something here.")
        return ""

    def _wrong_number(self, value: Any) -> str:
        whole = self.kind == "integer"
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            return (
                translate("options", "A whole number is needed.")
                if whole
                else translate("options", "A number is needed, such as 0.1 or 1e-5.")
            )
        if not math.isfinite(value):
            return translate("options", "A number is needed, such as 0.1 or 1e-5.")
        if self.low is not None and (value < self.low or (self.low_open and value == self.low)):
            return translate("options", "{} is too little. {}").format(plain(value), self.range_words())
        if self.high is not None and (value > self.high or (self.high_open and value == self.high)):
            return translate("options", "{} is too much. {}").format(plain(value), self.range_words())
        return ""


def options(schema: dict[str, Any]) -> tuple[Option, ...]:
    """Every property of an object's schema, in its order."""
    known = schema.get("$defs", {})
    return tuple(_option(name, given, known) for name, given in schema.get("properties", {}).items())


def _told(text: str) -> str:
    return translate("answers", text) if text else text


def _option(name: str, given: dict[str, Any], known: dict[str, Any]) -> Option:
    merged, nullable = _resolved(given, known)
    if "enum" in merged or "const" in merged:
        kind = "enum"
    else:
        kind = str(merged.get("type", "json"))
        kind = kind if kind in ("boolean", "integer", "number", "string") else "json"
    low, high = merged.get("minimum"), merged.get("maximum")
    low_open = "exclusiveMinimum" in merged
    high_open = "exclusiveMaximum" in merged
    return Option(
        name=name,
        kind=kind,
        help=_told(str(merged.get("description", ""))),
        default=merged.get("default"),
        nullable=nullable,
        choices=tuple(merged.get("enum", (merged["const"],) if "const" in merged else ())),
        low=merged["exclusiveMinimum"] if low_open else low,
        high=merged["exclusiveMaximum"] if high_open else high,
        low_open=low_open,
        high_open=high_open,
    )


def _resolved(given: dict[str, Any], known: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The property with what it refers to, and whether null is allowed."""
    merged = dict(given)
    nullable = False
    if "$ref" in merged:
        merged = {**known.get(str(merged.pop("$ref")).rsplit("/", 1)[-1], {}), **merged}
    for word in ("anyOf", "oneOf", "allOf"):
        ways = merged.pop(word, None)
        if ways is None:
            continue
        real = [way for way in ways if way.get("type") != "null"]
        nullable = nullable or len(real) < len(ways)
        if len(real) == 1:
            inner, inner_null = _resolved(real[0], known)
            merged, nullable = {**inner, **merged}, nullable or inner_null
        else:
            merged.pop("type", None)
    return merged, nullable


def plain(value: float) -> str:
    """A number as a person writes it: 32, 0.1, 1e-5."""
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e15):
        return str(int(value))
    text = f"{value:.6g}"
    if "e" in text:
        digits, power = text.split("e")
        return f"{digits}e{int(power)}"
    # 0.00001 is read more surely as 1e-5
    return _short(value) if abs(value) < 1e-3 else text


def _short(value: float) -> str:
    digits, power = f"{value:.5e}".split("e")
    return f"{digits.rstrip('0').rstrip('.')}e{int(power)}"


def _number(value: int) -> str:
    return QLocale().toString(value)


def parse(option: Option, text: str) -> Any:
    """The value that a person wrote; the text itself if it is no such value."""
    given = text.strip().replace("\u2212", "-")
    if option.kind == "integer":
        try:
            return int(given.replace(",", "").replace("\u202f", "").replace(" ", ""))
        except ValueError:
            return text
    if option.kind == "number":
        # 0,5 is a half where the comma is the decimal mark
        if "," in given and "." not in given and QLocale().decimalPoint() == ",":
            given = given.replace(",", ".")
        try:
            return float(given)
        except ValueError:
            return text
    if option.kind == "json":
        try:
            return json.loads(given)
        except ValueError:
            return text
    return given


def written(option: Option, value: Any) -> str:
    """A value as it stands in a field."""
    if value is None:
        return ""
    if option.kind in ("integer", "number") and isinstance(value, (int, float)):
        return plain(value)
    return json.dumps(value, ensure_ascii=False) if option.kind == "json" else str(value)
