"""Curves with bands, whiskers and the ceiling, labelled at their ends. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape

from annotation.charts.scales import Axis, Point, Svg, smoothed, thinned


@dataclass(frozen=True)
class Series:
    """One line of a plot. `style` 1 to 3 is its colour and shape; `label` stands at its end."""

    points: Sequence[Point]
    style: int = 1
    label: str = ""
    band: bool = False  # intervals as a band; else as whiskers
    dots: bool = False  # a mark at every point; else at the last
    raw: bool = False  # thin, behind a smoothed line
    faint: bool = False


@dataclass(frozen=True)
class Level:
    """A line across: the ceiling of researchers among themselves, or what chance would give."""

    value: float
    label: str = ""
    low: float | None = None
    high: float | None = None


def plot(
    series: Sequence[Series],
    *,
    x: Axis,
    y: Axis,
    label: str,
    height: int = 238,
    ceiling: Level | None = None,
    chance: Level | None = None,
    diagonal: bool = False,
) -> Svg:
    """Lines over axes. `label` is the sentence that a screen reader gets: say the finding, not the chart."""
    lines = [replace(line, points=thinned(line.points)) for line in series]
    curves = _ceiling_band(ceiling, y) + "".join(_band(line, x, y) for line in lines if line.band)
    curves += "".join(_curve(line, x, y) for line in lines)
    parts = [
        _grid(x, y),
        f'<svg viewBox="0 0 1000 1000" preserveAspectRatio="none" width="100%" height="100%">{curves}</svg>',
        '<line class="diag" x1="0" y1="100%" x2="100%" y2="0"/>' if diagonal else "",
        _across(y, ceiling, "ceil"),
        _across(y, chance, "diag"),
        *(_marks(line, x, y) for line in lines),
        _end_labels(lines, ceiling, y),
    ]
    return Svg(f'<svg role="img" height="{height}" aria-label="{escape(label)}">{"".join(parts)}</svg>')


def _down(y: Axis, value: float) -> float:
    return 100 - y.percent(value)


def _across(y: Axis, level: Level | None, kind: str) -> str:
    if level is None:
        return ""
    place = _down(y, level.value)
    return f'<line class="{kind}" x1="0" x2="100%" y1="{place:.2f}%" y2="{place:.2f}%"/>'


def _ceiling_band(ceiling: Level | None, y: Axis) -> str:
    if ceiling is None or ceiling.low is None or ceiling.high is None:
        return ""
    top, foot = 10 * _down(y, ceiling.high), 10 * _down(y, ceiling.low)
    return f'<rect class="ceil" x="0" width="1000" y="{top:.0f}" height="{foot - top:.0f}"/>'


def _grid(x: Axis, y: Axis) -> str:
    rows = (
        f'<line class="grid" x1="0" x2="100%" y1="{_down(y, value):.2f}%" y2="{_down(y, value):.2f}%"/>'
        f'<text x="-8" y="{_down(y, value):.2f}%" dy="4" text-anchor="end">{escape(words)}</text>'
        for value, words in y.ticks
    )
    columns = (
        f'<text x="{x.percent(value):.2f}%" y="100%" dy="18" text-anchor="middle">{escape(words)}</text>'
        for value, words in x.ticks
    )
    return "".join(rows) + "".join(columns)


def _path(places: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{across * 10:.0f} {down * 10:.0f}" for across, down in places)


def _curve(line: Series, x: Axis, y: Axis) -> str:
    if len(line.points) < 2:
        return ""
    kind = f"s{line.style}" + (" raw" if line.faint else "")
    path = _path((x.percent(point.x), _down(y, point.y)) for point in line.points)
    behind = f'<path class="s{line.style} raw" d="{path}"/>' if line.raw else ""
    if line.raw:
        path = _path((x.percent(point.x), _down(y, point.y)) for point in smoothed(line.points))
    return f'{behind}<path class="{kind}" d="{path}"/>'


def _band(line: Series, x: Axis, y: Axis) -> str:
    held = [point for point in line.points if point.low is not None and point.high is not None]
    if len(held) < 2:
        return ""
    upper = [(x.percent(point.x), _down(y, point.high or 0.0)) for point in held]
    lower = [(x.percent(point.x), _down(y, point.low or 0.0)) for point in reversed(held)]
    return f'<path class="band b{line.style}" d="{_path(upper + lower)}Z"/>'


def _marks(line: Series, x: Axis, y: Axis) -> str:
    if not line.points or line.faint:
        return ""
    last = smoothed(line.points)[-1] if line.raw else line.points[-1]
    marks = line.points if line.dots else [last]
    whiskers = [] if line.band else [point for point in line.points if point.low is not None]
    return "".join(_whisker(point, line.style, x, y) for point in whiskers) + "".join(
        _mark(point, line.style, x, y) for point in marks
    )


def _whisker(point: Point, style: int, x: Axis, y: Axis) -> str:
    place, low, high = x.percent(point.x), _down(y, point.low or 0.0), _down(y, point.high or 0.0)
    return (
        f'<line class="s{style} whisk" x1="{place:.2f}%" x2="{place:.2f}%" y1="{low:.2f}%" y2="{high:.2f}%"/>'
    )


def _mark(point: Point, style: int, x: Axis, y: Axis) -> str:
    across, down = x.percent(point.x), _down(y, point.y)
    if style == 1:
        return f'<circle class="pt s1" cx="{across:.2f}%" cy="{down:.2f}%" r="4"/>'
    turn = "translate(-4 -4)" if style == 2 else "rotate(45) translate(-4 -4)"
    if style == 2:
        return (
            f'<rect class="pt s2" x="{across:.2f}%" y="{down:.2f}%" width="8" height="8" transform="{turn}"/>'
        )
    # A turned square must turn about its own place, which only a nested svg knows in percent.
    square = f'<rect class="pt s3" width="8" height="8" transform="{turn}"/>'
    return f'<svg x="{across:.2f}%" y="{down:.2f}%" overflow="visible">{square}</svg>'


def _end_labels(series: Sequence[Series], ceiling: Level | None, y: Axis) -> str:
    """Words at the end of each line, moved apart where they would lie on each other."""
    wanted = [(_down(y, line.points[-1].y), f"s{line.style}", line.label) for line in series if line.points]
    if ceiling is not None:
        wanted.append((_down(y, ceiling.value), "ceil", ceiling.label))
    texts, free = [], -math.inf
    for place, kind, words in sorted(entry for entry in wanted if entry[2]):
        place = max(place, free)
        free = place + 8
        texts.append(
            f'<text class="lab {kind}" x="100%" dx="10" y="{place:.2f}%" dy="4">{escape(words)}</text>'
        )
    return "".join(texts)
