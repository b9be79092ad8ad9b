"""The loop that reward models and DPO share: steps, metrics, savepoints, and going on from the newest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from training.recipes.descent import Descent
from training.recipes.guard import Stop
from training.recipes.state import load_state, save_state
from training.rundir import Events, RunDir
from training.savepoints import Savepoints

Step = Callable[[int], tuple[Tensor, dict[str, float]]]


@dataclass(frozen=True)
class Loop:
    """A training of `total` steps. `modules` hold all that changes beside the optimizer."""

    folder: RunDir
    events: Events
    stop: Stop
    modules: Mapping[str, nn.Module]
    descent: Descent
    total: int
    save_every: int

    def run(self, step: Step) -> bool:
        """Take the steps that are left; False when asked to stop before the end.

        `step` gives the loss and the metrics of a step by its number, counted from 1, and by nothing else.
        """
        start = self._restore()
        self.events.begin(self.total, start)
        for number in range(start + 1, self.total + 1):
            loss, values = step(number)
            norm = self.descent.step(number, loss)
            rate = self.descent.rate.at(number)
            self.events.metrics(number, loss=loss.item(), **values, gradient_norm=norm, learning_rate=rate)
            if number % self.save_every == 0 or number == self.total or self.stop:
                self._save(number)
            if self.stop and number < self.total:
                return False
        return True

    def _save(self, number: int) -> None:
        extra = {"step": number, **self.descent.counts}

        def fill(place: Path) -> None:
            save_state(place, self.modules, {"descent": self.descent.optimizer}, extra)

        self.events.savepoint(number, Savepoints(self.folder.savepoints).write(number, fill).manifest_sha256)

    def _restore(self) -> int:
        newest = Savepoints(self.folder.savepoints).latest()
        if newest is None:
            return 0
        extra = load_state(newest.folder, self.modules, {"descent": self.descent.optimizer})
        self.descent.counts.update({name: extra[name] for name in self.descent.counts})
        return int(extra["step"])
