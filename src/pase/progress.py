"""Progress bars on a terminal; nothing elsewhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Self

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

if TYPE_CHECKING:
    from pase.pipeline.first_look import Look

MEGABYTE = 1e6


class _BarsAndSentence(Progress):
    """Bars with a sentence under them."""

    sentence = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        if self.sentence:
            yield Text(self.sentence, style="dim")


class _OnScreen:
    """Bars on stderr, where that is a terminal, while the block runs."""

    def __init__(self, *columns: ProgressColumn, redirect_stdout: bool = True) -> None:
        self._bars = _BarsAndSentence(
            *columns,
            console=Console(stderr=True),
            disable=sys.stderr is None or not sys.stderr.isatty(),
            redirect_stdout=redirect_stdout,
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bars.sentence = ""
        self._bars.stop()


class Bars(_OnScreen):
    """Bars with rates on stderr, one a step; a context manager that can be called as `pase.types.StepProgress`."""

    def __init__(self) -> None:
        name = TextColumn("{task.description:<16}")
        super().__init__(name, BarColumn(), _Done(), _Rate(), TimeRemainingColumn())
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Show how far a step is; a new name begins a new bar."""
        if self._bars.disable:
            return
        if step not in self._tasks:
            self._tasks[step] = self._bars.add_task(step, total=total)
        self._bars.update(self._tasks[step], completed=done, total=total)

    @property
    def watching(self) -> bool:
        """Whether there is a terminal."""
        return not self._bars.disable

    def show(self, look: Look) -> None:
        """Say under the bars who is there; see `pase.pipeline.first_look.Watcher`."""
        self._bars.sentence = look.sentence()


class BatchBars(_OnScreen):
    """A bar over all trials of a batch and one for each that is under way, on stderr; a context manager.

    Parameters
    ----------
    say
        Called with a line about every trial that has ended, where no bars stand in the way on the same screen.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), _Done(), TimeRemainingColumn())
        super().__init__(*columns, redirect_stdout=False)
        self._say = say
        self._trials_bar: TaskID | None = None
        self._trials: dict[str, TaskID] = {}
        self._lock = threading.Lock()

    def begin(self, trials: int) -> None:
        """Show that there are so many trials."""
        self._trials_bar = self._bars.add_task("trials", total=trials)

    def step(self, trial: str, step: str, done: int, total: int | None) -> None:
        """Show how far a trial's step is; a new trial begins a new bar."""
        if self._bars.disable:
            return
        with self._lock:
            if trial not in self._trials:
                self._trials[trial] = self._bars.add_task("", total=None)
            label = f"{trial[:24]}  {step}"
            self._bars.update(self._trials[trial], description=label, completed=done, total=total)

    def end(self, trial: str, line: str) -> None:
        """Say how a trial has ended, and take its bar away."""
        with self._lock:
            bar = self._trials.pop(trial, None)
            if bar is not None:
                self._bars.remove_task(bar)
        if self._trials_bar is not None:
            self._bars.advance(self._trials_bar)
        if not self._bars.disable and sys.stdout.isatty():
            self._bars.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            self._say(line)


class _Done(ProgressColumn):
    """How much is done, of how much."""

    def render(self, task: Task) -> Text:
        total = "?" if task.total is None else _amount(task, task.total)
        return Text(f"{_amount(task, task.completed)}/{total}")


class _Rate(ProgressColumn):
    """Frames or megabytes a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        if speed is None:
            return Text("")
        return Text(f"{speed / MEGABYTE:.1f} MB/s" if _is_fetch(task) else f"{speed:.1f} frames/s")


def _amount(task: Task, number: float) -> str:
    return f"{number / MEGABYTE:.0f} MB" if _is_fetch(task) else f"{number:.0f}"


def _is_fetch(task: Task) -> bool:
    return task.description.startswith("fetch")
