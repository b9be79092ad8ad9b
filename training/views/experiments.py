"""The demo's two pictures: what screening buys, and what the KL penalty prevents.

Shown in the demo alone, where `summary.json` stands in the data folder. The line of the running demo is live;
the others were recorded by the same command before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from annotation import charts
from annotation.charts import Axis, Level, Point, Series, Svg
from annotation.views.tables import Cell, Table
from training.tinyworld.recorded import recorded, win_rates

MODES = ("screened", "weighted", "unscreened")
POOLED_STEPS = 5  # a step has few samples: points are means of so many


def panel() -> dict[str, Any]:
    """What the overview shows of the experiments; nothing outside the demo."""
    live = _live()
    if live is None:
        return {}
    demos = _demos(live)
    return {
        "screening": screening(demos),
        "overoptimisation": overoptimisation(recorded()["overoptimisation"]),
    }


def tables() -> dict[str, Table]:
    """The numbers behind both pictures."""
    live = _live()
    if live is None:
        return {}
    rows: list[list[Cell]] = [
        [mode, number, round(value, 2)]
        for mode, demo in _demos(live).items()
        for number, value in enumerate(win_rates(demo), start=1)
    ]
    curves: list[list[Cell]] = [
        [name, point["step"], point["reward"], point["oracle"], point["kl"]]
        for name, curve in recorded()["overoptimisation"].items()
        for point in curve
    ]
    return {
        "screening": Table(_("What screening buys"), ["mode", "round", "dpo_win_over_base"], rows),
        "overoptimisation": Table(
            _("What the KL penalty prevents"), ["penalty", "step", "reward", "oracle", "kl"], curves
        ),
    }


def screening(demos: Mapping[str, Mapping[str, Any]]) -> Svg:
    """DPO's win rate over the base by round, a line for each way of choosing who labels."""
    words = {"screened": _("screened"), "weighted": _("weighted"), "unscreened": _("everybody")}
    lines = [
        Series(
            [
                Point(0, 50.0),
                *(Point(number, value) for number, value in enumerate(win_rates(demo), start=1)),
            ],
            style=style,
            label=words[mode],
            dots=True,
        )
        for style, mode in enumerate(MODES, start=1)
        if (demo := demos.get(mode)) is not None
    ]
    last = max(len(line.points) - 1 for line in lines)
    rounds = [(number, _("round %(number)d") % {"number": number}) for number in range(1, last + 1)]
    said = ", ".join(f"{line.label} {line.points[-1].y:.1f}" for line in lines)
    return charts.plot(
        lines,
        x=Axis(0, last, [(0, _("base")), *rounds]),
        y=charts.axis([45, *(point.y for line in lines for point in line.points)], unit="%"),
        chance=Level(50),
        height=196,
        label=_("Win rate of DPO over the base under the oracle, in percent. Last: %(said)s")
        % {"said": said},
    )


def overoptimisation(curves: Mapping[str, Sequence[Mapping[str, float]]]) -> Svg:
    """Oracle points against the reward that PPO drives up, without and with a KL penalty."""
    words = {"kl_0": _("KL × 0"), "kl_0.2": _("KL × 0.2")}
    lines = [
        Series(_pooled(curves[name]), style=style, label=words[name], dots=True)
        for style, name in ((2, "kl_0"), (1, "kl_0.2"))
    ]
    ends = ", ".join(f"{line.label} {line.points[-1].y:.1f}" for line in lines)
    return charts.plot(
        lines,
        x=charts.axis(point.x for line in lines for point in line.points),
        y=charts.axis([0, 10]),
        height=196,
        label=_("Oracle score of ten against the reward. Last: %(ends)s") % {"ends": ends},
    )


def _pooled(curve: Sequence[Mapping[str, float]]) -> list[Point]:
    """Means of reward and oracle over some steps each."""
    pools = [curve[start : start + POOLED_STEPS] for start in range(0, len(curve), POOLED_STEPS)]
    return [Point(_mean(pool, "reward"), _mean(pool, "oracle")) for pool in pools]


def _mean(rows: Sequence[Mapping[str, float]], name: str) -> float:
    return sum(row[name] for row in rows) / len(rows)


def _live() -> dict[str, Any] | None:
    path = Path(settings.DATA) / "summary.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def _demos(live: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """One demo of each mode: the running one where it has a round, else the first that was recorded."""
    found: dict[str, Mapping[str, Any]] = {}
    for demo in recorded()["demos"]:
        found.setdefault(demo["mode"], demo)
    if live["rounds"]:
        found[live["mode"]] = live
    return found
