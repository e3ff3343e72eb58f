"""Export without a finished run: what is missing, and the way there."""

from __future__ import annotations

from collections.abc import Callable

from app.run_session import RunSession, RunState
from app.widgets.empty import Empty


class ExportEmpty(Empty):
    """Says it of the run that is open."""

    def __init__(self, session: RunSession, to_train: Callable[[], None]) -> None:
        super().__init__("download")
        self._session = session
        self._to_train = to_train

    def say_why(self) -> None:
        """Of the run as it stands now."""
        if self._session.under_way or self._session.state is RunState.ELSEWHERE:
            what = self.tr("The training is under way")
            why = self.tr("The best weights are ready to be taken along when it ends.")
        elif self._session.state in (RunState.PAUSED, RunState.INTERRUPTED):
            what = self.tr("The run has not ended yet")
            why = self.tr("Let it go on to its end in Train, or open a run that is done in Runs.")
        else:
            what = self.tr("Needs a finished run")
            why = self.tr(
                "Train a model, or open a run that is done in Runs. It can be taken along from here."
            )
        self.say(what, why, self.tr("Go to Train"), self._to_train)
