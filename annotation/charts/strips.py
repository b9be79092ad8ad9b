"""Intervals drawn inside the table row they belong to. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from annotation.charts.scales import Axis, Point, Svg

MOST_LABELS = 4


def strip_head(across: Axis) -> Svg:
    """The ticks over a column of strips."""
    texts = (
        f'<text x="{across.percent(value):.2f}%" y="10" text-anchor="{_anchor(across.percent(value))}">'
        f"{escape(words)}</text>"
        for value, words in _labelled(across)
    )
    return Svg(f'<svg height="12" aria-hidden="true">{"".join(texts)}</svg>')


def strip(
    point: Point | None,
    across: Axis,
    *,
    ceiling: float | None = None,
    bar: float | None = None,
    muted: bool = False,
    height: int = 36,
) -> Svg:
    """A dot with its interval for one row of a table; `point.y` is the value. None draws the grid alone."""
    parts = [_vertical(across.percent(value), height, "grid") for value, _ in across.ticks]
    parts += [_vertical(across.percent(bar), height, "bar65")] if bar is not None else []
    parts += [_vertical(across.percent(ceiling), height, "ceil")] if ceiling is not None else []
    off, middle = " off" if muted else "", height / 2
    if point is not None and point.low is not None and point.high is not None:
        low, high = across.percent(point.low), across.percent(point.high)
        parts.append(f'<line class="ci{off}" x1="{low:.2f}%" x2="{high:.2f}%" y1="{middle}" y2="{middle}"/>')
    if point is not None:
        parts.append(f'<circle class="pt{off}" cx="{across.percent(point.y):.2f}%" cy="{middle}" r="5"/>')
    return Svg(f'<svg height="{height}" aria-hidden="true">{"".join(parts)}</svg>')


def _labelled(across: Axis) -> Sequence[tuple[float, str]]:
    """The last tick, which has the unit, and as many before it as a narrow column holds."""
    stride = -(-len(across.ticks) // MOST_LABELS)
    return across.ticks[::-1][::stride]


def _anchor(place: float) -> str:
    """Words at an end of the strip stay inside it."""
    return "start" if place < 1 else "end" if place > 99 else "middle"


def _vertical(place: float, height: int, kind: str) -> str:
    return f'<line class="{kind}" x1="{place:.2f}%" x2="{place:.2f}%" y1="0" y2="{height}"/>'
