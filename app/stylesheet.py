"""The Qt style sheet over the Fusion style, made from a palette.

Selectors go by property: ``role`` (type sizes of labels), ``kind`` (buttons), ``tone`` (badges,
banners, help texts). Sizes are in logical pixels in steps of 4.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app import paths

_SHEET = """
* {{ outline: 0; }}
QToolTip {{ background: {surface}; color: {text}; border: 1px solid {border}; padding: 6px 8px; font-size: 12px; }}
QMainWindow, QDialog {{ background: {canvas}; }}
QWidget#page, QWidget#pageBody, QScrollArea#pageScroll, QScrollArea#pageScroll > QWidget > QWidget {{ background: {canvas}; }}
QScrollArea {{ border: 0; background: transparent; }}
QScrollArea:focus {{ border: 1px solid {accent_text}; }}
QScrollArea > QWidget > QWidget {{ background: transparent; }}

QMenuBar {{ background: {surface}; color: {text}; border-bottom: 1px solid {hair}; padding: 1px 6px; min-height: 22px; }}
QMenuBar::item {{ padding: 4px 10px; background: transparent; border-radius: 4px; }}
QMenuBar::item:selected {{ background: {hover}; }}
QMenu {{ background: {surface}; color: {text}; border: 1px solid {border}; padding: 4px; }}
QMenu::item {{ padding: 6px 24px 6px 12px; border-radius: 4px; }}
QMenu::item:selected {{ background: {accent_soft}; color: {text}; }}
QMenu::item:disabled {{ color: {disabled}; }}
QMenu::separator {{ height: 1px; background: {hair}; margin: 4px 8px; }}
QMenu::icon {{ padding-left: 8px; }}

QLabel {{ background: transparent; color: {text}; }}
QLabel[role="headline"] {{ font-size: 32px; font-weight: 600; }}
QLabel[role="title"] {{ font-size: 20px; font-weight: 600; }}
QLabel[role="card"] {{ font-size: 14px; font-weight: 600; }}
QLabel[role="strong"] {{ font-weight: 600; }}
QLabel[role="label"] {{ font-weight: 500; color: {text2}; }}
QLabel[role="support"] {{ color: {text2}; }}
QLabel[role="help"] {{ font-size: 12px; color: {text3}; }}
QLabel[role="header"] {{ font-size: 11px; font-weight: 500; color: {text3}; }}
QLabel:disabled {{ color: {disabled}; }}
QLabel[tone="good"] {{ color: {good}; }}
QLabel[tone="warn"] {{ color: {warn}; }}
QLabel[tone="bad"] {{ color: {bad}; }}
QLabel[tone="accent"] {{ color: {accent_text}; }}

QLabel[badge="true"] {{ font-size: 11px; font-weight: 500; border-radius: 4px; padding: 0 7px; min-height: 20px; max-height: 20px; background: {sunken}; color: {text2}; }}
QLabel[badge="true"][tone="accent"] {{ background: {accent_soft}; color: {accent_text}; }}
QLabel[badge="true"][tone="good"] {{ background: {good_soft}; color: {good}; }}
QLabel[badge="true"][tone="warn"] {{ background: {warn_soft}; color: {warn}; }}
QLabel[badge="true"][tone="bad"] {{ background: {bad_soft}; color: {bad}; }}

QFrame#card {{ background: {surface}; border: 1px solid {hair}; border-radius: 8px; }}
QFrame#card[chosen="true"] {{ border: 2px solid {accent}; }}
QFrame#card[choice="true"]:hover {{ background: {hover}; }}
QFrame#card[choice="true"]:focus {{ border-color: {accent_text}; background: {hover}; }}
QFrame#dropZone {{ background: {surface}; border: 2px dashed {border}; border-radius: 8px; }}
QFrame#dropZone[over="true"] {{ background: {accent_soft}; border-color: {accent}; }}
QFrame#line {{ background: {hair}; border: 0; }}
QFrame#banner {{ border-radius: 6px; border: 1px solid {accent_line}; background: {accent_soft}; }}
QFrame#banner[tone="good"] {{ border-color: {good_line}; background: {good_soft}; }}
QFrame#banner[tone="warn"] {{ border-color: {warn_line}; background: {warn_soft}; }}
QFrame#banner[tone="bad"] {{ border-color: {bad_line}; background: {bad_soft}; }}
QFrame#footer {{ background: {canvas}; border: 0; border-top: 1px solid {hair}; }}
QFrame#chip {{ background: {canvas}; border: 1px solid {hair}; border-radius: 6px; }}
QFrame#chip[tone="bad"] {{ border-color: {bad_line}; background: {bad_soft}; }}

QPushButton {{ background: {surface}; color: {text}; border: 1px solid {border}; border-radius: 6px; padding: 0 12px; min-height: 30px; font-weight: 500; }}
QPushButton:hover {{ background: {hover}; }}
QPushButton:pressed {{ background: {press}; }}
QPushButton:focus {{ border: 2px solid {accent_text}; padding: 0 11px; min-height: 28px; }}
QPushButton:disabled {{ color: {disabled}; border-color: {hair}; background: {surface}; }}
QPushButton::menu-indicator {{ image: url("{down}"); width: 12px; height: 12px; subcontrol-position: right center; right: 8px; }}
QPushButton[hasMenu="true"] {{ padding-right: 26px; }}
QPushButton[kind="primary"] {{ background: {accent}; color: {on_accent}; border: 1px solid {accent}; }}
QPushButton[kind="primary"]:hover {{ background: {accent_hover}; }}
QPushButton[kind="primary"]:pressed {{ background: {accent_press}; }}
QPushButton[kind="primary"]:focus {{ border: 2px solid {focus_on_accent}; }}
QPushButton[kind="primary"]:disabled {{ background: {track}; color: {disabled}; border-color: {track}; }}
QPushButton[kind="quiet"] {{ background: transparent; border: 1px solid transparent; color: {text2}; }}
QPushButton[kind="quiet"]:hover {{ background: {hover}; }}
QPushButton[kind="quiet"]:pressed {{ background: {press}; }}
QPushButton[kind="quiet"]:focus {{ border: 2px solid {accent_text}; }}
QPushButton[kind="quiet"]:disabled {{ color: {disabled}; }}
QPushButton[kind="danger"] {{ background: {surface}; border: 1px solid {bad_line}; color: {bad}; }}
QPushButton[kind="danger"]:hover {{ background: {bad_soft}; }}
QPushButton[kind="danger"]:focus {{ border: 2px solid {bad}; }}
QPushButton[kind="danger"]:disabled {{ color: {disabled}; border-color: {hair}; }}
QPushButton[small="true"] {{ min-height: 22px; padding: 0 8px; font-size: 12px; }}
QPushButton[small="true"]:focus {{ min-height: 20px; padding: 0 7px; }}
QPushButton[small="true"][hasMenu="true"] {{ padding-right: 24px; }}
QPushButton[kind="link"] {{ background: transparent; border: 1px solid transparent; color: {accent_text}; padding: 0 2px; min-height: 20px; text-align: left; }}
QPushButton[kind="link"]:hover {{ text-decoration: underline; }}
QPushButton[kind="link"]:focus {{ border: 2px solid {accent_text}; border-radius: 4px; }}
QPushButton[iconOnly="true"] {{ padding: 0; min-width: 30px; max-width: 30px; }}
QPushButton[iconOnly="true"][small="true"] {{ min-width: 22px; max-width: 22px; }}

QFrame#segmented {{ background: {sunken}; border: 1px solid {hair}; border-radius: 6px; }}
QPushButton[kind="segment"] {{ background: transparent; border: 1px solid transparent; border-radius: 5px; color: {text2}; padding: 0 8px; min-height: 22px; }}
QPushButton[kind="segment"]:hover {{ color: {text}; }}
QPushButton[kind="segment"]:checked {{ background: {segment}; border: 1px solid {border}; color: {text}; font-weight: 600; }}
QPushButton[kind="segment"]:focus {{ border: 2px solid {accent_text}; padding: 0 7px; min-height: 20px; }}
QPushButton[kind="segment"]:disabled {{ color: {disabled}; }}

QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QComboBox {{ background: {surface}; color: {text}; border: 1px solid {control}; border-radius: 6px; selection-background-color: {accent}; selection-color: {on_accent}; }}
QLineEdit {{ padding: 0 8px; min-height: 28px; }}
QSpinBox, QDoubleSpinBox {{ padding: 0 4px 0 8px; min-height: 26px; }}
QAbstractSpinBox QLineEdit, QAbstractSpinBox QLineEdit:focus {{ border: 0; padding: 0 0 0 4px; min-height: 0; background: transparent; }}
QComboBox {{ padding: 0 8px; min-height: 26px; }}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus {{ border: 2px solid {accent_text}; }}
QLineEdit:focus {{ padding: 0 7px; min-height: 26px; }}
QSpinBox:focus, QDoubleSpinBox:focus {{ padding: 0 3px 0 7px; min-height: 24px; }}
QComboBox:focus {{ padding: 0 7px; min-height: 24px; }}
QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled, QPlainTextEdit:disabled {{ color: {disabled}; border-color: {hair}; }}
*[wrong="true"] {{ border-color: {bad}; }}
QSpinBox::up-button, QDoubleSpinBox::up-button {{ subcontrol-origin: border; subcontrol-position: top right; width: 22px; border: 0; background: transparent; }}
QSpinBox::down-button, QDoubleSpinBox::down-button {{ subcontrol-origin: border; subcontrol-position: bottom right; width: 22px; border: 0; background: transparent; }}
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow {{ image: url("{up}"); width: 10px; height: 10px; }}
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow {{ image: url("{down}"); width: 10px; height: 10px; }}
QComboBox::drop-down {{ border: 0; width: 24px; }}
QComboBox::down-arrow {{ image: url("{down}"); width: 12px; height: 12px; }}
QComboBox QAbstractItemView {{ background: {surface}; color: {text}; border: 1px solid {border}; selection-background-color: {accent_soft}; selection-color: {text}; padding: 4px; }}
QPlainTextEdit, QTextEdit {{ padding: 4px; }}

QCheckBox, QRadioButton {{ color: {text}; spacing: 8px; background: transparent; }}
QCheckBox:disabled, QRadioButton:disabled {{ color: {disabled}; }}
QCheckBox::indicator, QTreeView::indicator, QTableView::indicator, QListView::indicator {{ width: 14px; height: 14px; border: 1px solid {control}; border-radius: 4px; background: {surface}; }}
QCheckBox::indicator:checked, QTreeView::indicator:checked, QTableView::indicator:checked, QListView::indicator:checked {{ background: {accent}; border-color: {accent}; image: url("{tick}"); }}
QCheckBox::indicator:indeterminate {{ background: {accent}; border-color: {accent}; image: url("{dash}"); }}
QCheckBox::indicator:disabled {{ border-color: {hair}; background: {sunken}; }}
QCheckBox::indicator:focus {{ border: 2px solid {accent_text}; width: 12px; height: 12px; }}
QRadioButton::indicator {{ width: 14px; height: 14px; border: 1px solid {control}; border-radius: 8px; background: {surface}; }}
QRadioButton::indicator:checked {{ border: 5px solid {accent}; width: 6px; height: 6px; }}
QRadioButton::indicator:focus {{ border: 2px solid {accent_text}; width: 12px; height: 12px; }}
QRadioButton::indicator:checked:focus {{ border: 5px solid {accent_text}; width: 6px; height: 6px; }}
QRadioButton:focus {{ background: {hover}; border-radius: 4px; }}

QHeaderView {{ background: {canvas}; border: 0; }}
QHeaderView::section {{ background: {canvas}; color: {text3}; border: 0; border-bottom: 1px solid {hair}; padding: 0 12px; font-size: 11px; font-weight: 500; min-height: 27px; }}
QTableView, QTreeView, QListView {{ background: {surface}; color: {text}; border: 0; gridline-color: {hair}; selection-background-color: {accent_soft}; selection-color: {text}; alternate-background-color: {surface}; }}
QTableView::item {{ padding: 0 12px; border-bottom: 1px solid {hair}; }}
QTableView::item:hover, QTreeView::item:hover {{ background: {hover}; }}
QTableView::item:selected, QTreeView::item:selected {{ background: {accent_soft}; color: {text}; }}
QTableView QLineEdit {{ min-height: 22px; border: 2px solid {accent_text}; padding: 0 5px; }}
QAbstractScrollArea::corner {{ background: transparent; }}

QScrollBar:vertical {{ background: transparent; width: 12px; margin: 2px; }}
QScrollBar::handle:vertical {{ background: {border}; border-radius: 4px; min-height: 32px; }}
QScrollBar::handle:vertical:hover {{ background: {control}; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 2px; }}
QScrollBar::handle:horizontal {{ background: {border}; border-radius: 4px; min-width: 32px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}

QSlider {{ background: transparent; min-height: 22px; }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {track}; }}
QSlider::sub-page:horizontal {{ height: 4px; border-radius: 2px; background: {accent}; }}
QSlider::handle:horizontal {{ width: 14px; height: 14px; margin: -6px 0; border-radius: 8px; border: 1px solid {control}; background: {surface}; }}
QSlider::handle:horizontal:focus {{ border: 2px solid {accent_text}; width: 12px; height: 12px; }}
QProgressBar {{ border: 0; border-radius: 3px; background: {track}; min-height: 6px; max-height: 6px; }}
QProgressBar::chunk {{ border-radius: 3px; background: {accent}; }}

QSplitter::handle {{ background: transparent; }}
QStatusBar {{ background: {surface}; border-top: 1px solid {hair}; color: {text2}; font-size: 12px; min-height: 31px; max-height: 31px; }}
QStatusBar::item {{ border: 0; }}
QStatusBar QLabel {{ color: {text2}; font-size: 12px; }}
"""


def make(colours: dict[str, Any], dark: bool) -> str:
    """The style sheet for a palette given as token -> #RRGGBB."""
    return _SHEET.format(
        **colours,
        focus_on_accent=colours["text"],
        segment=colours["press"] if dark else colours["surface"],
        up=_picture("chevron-up", colours["text3"]),
        down=_picture("chevron-down", colours["text3"]),
        tick=_picture("check", colours["on_accent"]),
        dash=_picture("minus", colours["on_accent"]),
    )


def _picture(name: str, colour: str) -> str:
    """Path of an icon in a colour, as in quotes: style sheets take files only, so it is put into the cache once."""
    place = paths.icon_cache() / f"{name}-{colour[1:]}.svg"
    source = paths.icon(name)
    text = source.read_text(encoding="utf-8").replace("currentColor", colour)
    if not place.exists() or place.read_text(encoding="utf-8") != text:
        _write(place, text)
    # a sheet that cannot be read leaves the whole window without looks, so that every sign must pass
    return place.as_posix().replace("\\", "\\\\").replace('"', '\\"')


def _write(place: Path, text: str) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    except OSError:
        # a cache that cannot be written costs some arrows, not the window
        return
