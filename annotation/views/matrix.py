"""Annotator by annotator: a real table whose shade repeats the number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotation.charts import shade
from annotation.models import Project
from annotation.models.people import initials
from annotation.selectors.agreement import Matrix
from annotation.views import figures
from annotation.views.show import share
from annotation.views.tables import Table

FEWEST = 20  # shared comparisons below which no number is shown
MOST = 12  # people in the drawn matrix; the table has all


@dataclass(frozen=True)
class Cell:
    """`look`: self, few, or the step of the scale."""

    words: str
    look: str


@dataclass(frozen=True)
class Row:
    name: str
    initials: str
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Panel:
    rows: Sequence[Row]
    low: int
    high: int
    left_out: int
    table: Table


def matrix(project: Project) -> Panel:
    found = figures.matrix(project)
    cells = _both_ways(found)
    enough = [value for value, n in cells.values() if n >= FEWEST]
    low, high = (min(enough), max(enough)) if enough else (50.0, 100.0)
    shown = _busiest(found)
    rows = [
        Row(
            found.people[i].name,
            initials(found.people[i].name),
            [_cell(cells.get((i, j)), i == j, low, high) for j in shown],
        )
        for i in shown
    ]
    return Panel(rows, round(low), round(high), len(found.people) - len(shown), _table(found))


def _both_ways(found: Matrix) -> dict[tuple[int, int], tuple[float, float]]:
    """(percent, shared comparisons) of every two people, from either side."""
    one_way = {pair: (100 * each.value, each.n) for pair, each in found.cells.items()}
    return one_way | {(second, first): value for (first, second), value in one_way.items()}


def _busiest(found: Matrix) -> list[int]:
    """The places of those who share most with others, in the order of the matrix."""
    shared = Counter(dict.fromkeys(range(len(found.people)), 0))
    for (first, second), each in found.cells.items():
        shared[first] += int(each.n)
        shared[second] += int(each.n)
    return sorted(place for place, _n in shared.most_common(MOST))


def _cell(found: tuple[float, float] | None, own: bool, low: float, high: float) -> Cell:
    if own:
        return Cell("·", "self")
    if found is None or found[1] < FEWEST:
        return Cell("–", "few")
    return Cell(f"{found[0]:.0f}", f"q{shade(found[0], low, high)}")


def _table(found: Matrix) -> Table:
    columns = ["annotator", "other", "agreement", "low", "high", "n"]
    rows = [
        [found.people[first].name, found.people[second].name, *share(each).cells()]
        for (first, second), each in sorted(found.cells.items())
    ]
    return Table(_("Annotator by annotator"), columns, rows)
