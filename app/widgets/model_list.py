"""The list of models: searched, filtered, sorted, one of them chosen by a click or Enter."""

from __future__ import annotations

from typing import Any, Literal

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from app.estimates import Fits
from app.model_rows import (
    MEMORY,
    NAME,
    PARAMETERS,
    ROW,
    SIDE,
    SORT,
    STATE,
    Key,
    ModelRow,
    fits_words,
    memory_help,
    memory_words,
    parameters,
    side,
    state_words,
)
from app.widgets.model_delegate import RowDelegate

Index = QModelIndex | QPersistentModelIndex
Filter = Literal["all", "here", "fits"]


class ModelTable(QAbstractTableModel):
    """The rows in the order in which they are recommended."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: list[ModelRow] = []

    def show_rows(self, rows: list[ModelRow]) -> None:
        """Take other rows; where only their content differs, the view keeps its place."""
        same = [row.key for row in rows] == [row.key for row in self.rows]
        if same:
            changed = [i for i, (new, old) in enumerate(zip(rows, self.rows, strict=True)) if new != old]
            self.rows = rows
            for line in changed:
                self.dataChanged.emit(self.index(line, 0), self.index(line, STATE))
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else 5

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: N802
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return [
                self.tr("Model"),
                self.tr("Parameters"),
                self.tr("Picture side"),
                self.tr("Memory to train"),
                self.tr("On this machine"),
            ][section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return [
                self.tr("Architecture, and below it which published weights. Click to sort; a third click brings the recommended order back."),
                self.tr("Numbers that the model consists of, in millions. More know more, and train more slowly."),
                self.tr("Pictures are shown to the model as squares of so many pixels a side."),
                memory_help(),
                self.tr("Whether its weights lie here, or how much there is to download."),
            ][section]  # fmt: skip
        if role == Qt.ItemDataRole.TextAlignmentRole:
            right = section in (PARAMETERS, SIDE)
            across = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
            return across | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        column = index.column()
        if role == ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return [
                row.title,
                parameters(row.facts),
                side(row.facts),
                memory_words(row),
                state_words(row)[0],
            ][column]
        if role == SORT:
            return [
                f"{row.title}\n{row.second}".casefold(),
                row.facts.parameters or 0,
                (row.facts.input_size or (0, 0))[0],
                row.memory or 0,
                -1 if row.here else row.facts.octets or 0,
            ][column]
        if role == Qt.ItemDataRole.ToolTipRole:
            if column == MEMORY:
                return f"{memory_words(row)}, {fits_words(row.fits)}. {memory_help()}"
            return row.missing or row.trouble or f"{row.title}, {row.second}"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            if column == NAME:
                chosen = self.tr("chosen") if row.chosen else ""
                return ", ".join(part for part in (row.title, row.second, row.badge, chosen) if part)
            if column == MEMORY:
                return f"{memory_words(row)}, {fits_words(row.fits)}"
            if column == STATE:
                return ", ".join(part for part in state_words(row) if part)
        return None


class ModelFilter(QSortFilterProxyModel):
    """By words and by what is here or fits. Unsorted, the recommended order stays."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSortRole(SORT)
        self._words: tuple[str, ...] = ()
        self._filter: Filter = "all"

    def search(self, text: str) -> None:
        """Every word has to be in the name or the weights."""
        self._words = tuple(text.casefold().split())
        self.invalidate()

    def only(self, which: Filter) -> None:
        self._filter = which
        self.invalidate()

    def filterAcceptsRow(self, line: int, parent: Index) -> bool:  # noqa: N802
        table = self.sourceModel()
        assert isinstance(table, ModelTable)
        row = table.rows[line]
        if self._filter == "here" and not row.here:
            return False
        if self._filter == "fits" and row.fits is not Fits.WELL:
            return False
        text = f"{row.title} {row.second} {row.badge}".casefold()
        return all(word in text for word in self._words)


class ModelList(QTableView):
    """A click or Enter chooses; arrow keys only move, as choosing loads a model."""

    wanted = Signal(object)
    """Key of the model that the person wants."""

    def __init__(self) -> None:
        super().__init__()
        self.table = ModelTable(self)
        self.filtered = ModelFilter(self)
        self.filtered.setSourceModel(self.table)
        self.setModel(self.filtered)
        self.setItemDelegate(RowDelegate(self))
        self.setAccessibleName(self.tr("Models"))
        self.setAccessibleDescription(self.tr("Move with the arrow keys, choose with Enter."))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(44)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setFixedHeight(28)
        self.setSortingEnabled(True)
        self.setMinimumHeight(140)
        self.clicked.connect(self._want)

    def row_of(self, index: QModelIndex) -> ModelRow | None:
        row = index.data(ROW)
        return row if isinstance(row, ModelRow) else None

    def reveal(self, key: Key) -> None:
        """Make a model's row the current one, and scroll to it."""
        for line, row in enumerate(self.table.rows):
            if row.key == key:
                index = self.filtered.mapFromSource(self.table.index(line, 0))
                if index.isValid():
                    self.setCurrentIndex(index)
                    self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
                return

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._want(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        room = self.viewport().width()
        self.setColumnHidden(PARAMETERS, room < 620)
        self.setColumnHidden(SIDE, room < 700)
        narrow = room < 560
        for column, width in (
            (PARAMETERS, 96),
            (SIDE, 104),
            (MEMORY, 122 if narrow else 148),
            (STATE, 146 if narrow else 156),
        ):
            self.setColumnWidth(column, width)

    def _want(self, index: QModelIndex) -> None:
        row = self.row_of(index)
        if row is not None:
            self.wanted.emit(row.key)
