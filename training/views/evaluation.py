"""What an evaluation found: how often its policy beats each other one, and what each of them writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from annotation import charts
from annotation.charts import Svg
from annotation.views.tables import Cell, Table
from training.models import Run
from training.views.curves import short
from training.views.gains import RATES, Rate, rate_of, strip_of
from training.views.runfiles import NEW, source_words


@dataclass(frozen=True)
class Row:
    """One policy. `rate`: how often the evaluated policy beats it."""

    name: str
    own: bool
    rate: Rate | None
    reward: str
    length: str
    ended: str
    distinct: str

    @property
    def strip(self) -> Svg:
        return strip_of(self.rate)


@dataclass(frozen=True)
class Evaluation:
    tag: str
    rows: Sequence[Row]
    head: Svg


def evaluation(run: Run) -> Evaluation | None:
    """None before there is a result."""
    sources: Mapping[str, Mapping[str, float]] = run.result.get("sources", {})
    if not sources:
        return None
    rates = run.result.get("win_rates", {})
    order = sorted(sources, key=lambda source: (source != NEW, source))
    rows = [
        Row(
            name=source_words(run, source),
            own=source == NEW,
            rate=rate_of(rates.get(source)),
            reward=_number(sources[source].get("reward")),
            length=_number(sources[source].get("length")),
            ended=_percent(sources[source].get("ended")),
            distinct=_percent(sources[source].get("distinct")),
        )
        for source in order
    ]
    return Evaluation(source_words(run, NEW), rows, charts.strip_head(RATES))


def table(run: Run) -> Table:
    columns = [
        "source",
        "answers",
        "reward",
        "length",
        "ended",
        "distinct",
        "beaten",
        "low",
        "high",
        "prompts",
    ]
    sources: Mapping[str, Mapping[str, Any]] = run.result.get("sources", {})
    rates: Mapping[str, Mapping[str, Any]] = run.result.get("win_rates", {})
    rows: list[list[Cell]] = [
        [
            source_words(run, source),
            *(found.get(name) for name in columns[1:6]),
            *(rates.get(source, {}).get(name) for name in ("rate", "low", "high", "prompts")),
        ]
        for source, found in sources.items()
    ]
    return Table(_("Evaluation, run %(run)d") % {"run": run.pk}, columns, rows)


def _number(value: float | None) -> str:
    return "–" if value is None else short(value)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"
