"""How the sources compare: Bradley-Terry with intervals, Elo beside it, and whether all were compared."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from annotation import charts
from annotation.access import researcher_project_or_404
from annotation.charts import Axis, Point, Svg
from annotation.http import AuthenticatedHttpRequest
from annotation.models import Project
from annotation.selectors.ratings import RatedSource, Ratings
from annotation.views import figures
from annotation.views.tables import Cell, Table, asked


@dataclass(frozen=True)
class Win:
    words: str
    look: str


@dataclass(frozen=True)
class Rated:
    """One source as a row. `wins`: chance in percent of beating each of the others, in their order."""

    place: int
    source: RatedSource
    strip: Svg
    wins: Sequence[Win]

    @property
    def elo(self) -> str:
        return f"{self.source.elo:.0f}"

    @property
    def interval(self) -> str:
        return f"{self.source.low:.0f}–{self.source.high:.0f}" if math.isfinite(self.source.low) else ""

    @property
    def live(self) -> str:
        return f"{self.source.live_elo:.0f}"

    @property
    def weighted(self) -> str:
        return f"{self.source.weighted_elo:.0f}"


@login_required
@require_GET
def ratings(request: AuthenticatedHttpRequest, slug: str) -> HttpResponse:
    project = researcher_project_or_404(request.user, slug)
    found = figures.ratings(project)
    tables = {"ratings": table(found), "wins": wins_table(found)}
    if answer := asked(request, project, tables):
        return answer
    return render(request, "research/ratings.html", {"project": project, **panel(project, found)})


def panel(project: Project, found: Ratings | None = None) -> dict[str, Any]:
    """What a page shows of the ratings."""
    found = found or figures.ratings(project)
    across = axis_of(found)
    return {
        "rated": rows(found, across),
        "ratings_head": charts.strip_head(across),
        "connected": found.connected,
        "parts": parts(found),
    }


def rows(found: Ratings, across: Axis) -> list[Rated]:
    return [
        Rated(
            place=place,
            source=source,
            strip=charts.strip(Point(0, source.elo, source.low, source.high), across, height=34),
            wins=[_win(chance, place - 1 == other) for other, chance in enumerate(found.wins[place - 1])],
        )
        for place, source in enumerate(found.sources, start=1)
    ]


def axis_of(found: Ratings) -> Axis:
    bounds = [bound for source in found.sources for bound in (source.low, source.high, source.elo)]
    return charts.axis(bounds or [900.0, 1100.0])


def parts(found: Ratings) -> list[list[str]]:
    """The sources that were compared with each other, directly or through others, a list for each part."""
    groups: dict[int, list[str]] = {}
    for source in found.sources:
        groups.setdefault(source.component, []).append(source.source)
    return list(groups.values())


def table(found: Ratings) -> Table:
    columns = ["source", "elo", "low", "high", "strength", "votes", "part", "live_elo", "weighted_elo"]
    lines: list[list[Cell]] = [
        [one.source, *(round(value, 2) for value in (one.elo, one.low, one.high)), round(one.strength, 4),
         one.votes, one.component, round(one.live_elo, 2), round(one.weighted_elo, 2)]
        for one in found.sources
    ]  # fmt: skip
    return Table(_("Ratings of sources"), columns, lines)


def wins_table(found: Ratings) -> Table:
    names = [one.source for one in found.sources]
    lines: list[list[Cell]] = [
        [name, *(round(chance, 4) for chance in chances)]
        for name, chances in zip(names, found.wins, strict=True)
    ]
    return Table(_("Who beats whom"), ["source", *names], lines)


def _win(chance: float, own: bool) -> Win:
    if own:
        return Win("·", "self")
    return Win(f"{100 * chance:.0f}", f"q{charts.shade(100 * chance, 0, 100)}")
