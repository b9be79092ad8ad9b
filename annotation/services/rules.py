"""The screening rule of a project: what it says of its own, over the defaults.

`Project.screening_rule` is one of
    {"rule": "combined", "alpha": ..., "beta": ..., "clip": ..., "least_items": ..., "cap": ...,
     "tables": {"compare": {"careful": [...], "doubtful": [...]}}}
    {"rule": "pairs", "careful": 0.95, "doubtful": 0.8}
    {"rule": "three_way", "kappa": 0.6, "tau": 0.6, "alpha": 0.667, "items": {"compare": 16, "rank": 6}}
where everything but `rule` may be left out, and `rule` too where it is "combined".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from annotation.errors import Refused
from annotation.labels import Kind
from annotation.models import Project
from annotation.stats.screening import TABLES, Rule, Table, pairs_rule
from annotation.stats.threeway import ThreeWay

KEYS = {
    "combined": {"alpha", "beta", "clip", "least_items", "cap", "tables"},
    "pairs": {"careful", "doubtful"},
    "three_way": {"kappa", "tau", "alpha", "items"},
}


def rule_of(project: Project) -> Rule:
    """The sequential rule; where the project screens by the three-way rule, the default one for checks."""
    name, values = _named(project.screening_rule)
    if name == "pairs":
        return pairs_rule(**values)
    if name == "three_way":
        return Rule()
    tables = {Kind(kind): Table(tuple(table["careful"]), tuple(table["doubtful"]))
              for kind, table in values.pop("tables", {}).items()}  # fmt: skip
    return Rule(tables={**TABLES, **tables}, **values)


def three_way_of(project: Project) -> ThreeWay | None:
    """The fixed rule, where the project screens by it."""
    name, values = _named(project.screening_rule)
    if name != "three_way":
        return None
    if "items" in values:
        values["items"] = {Kind(kind): int(count) for kind, count in values["items"].items()}
    return ThreeWay(**values)


def check_rule(given: object) -> None:
    """Refused where `given` is no screening rule."""
    if not isinstance(given, dict):
        raise Refused("bad_rule", _("A screening rule is an object."), field="screening_rule")
    project = Project(screening_rule=given)
    try:
        rule_of(project)
        three_way_of(project)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Refused("bad_rule", str(error), field="screening_rule") from error


def _named(given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    values = dict(given)
    name = values.pop("rule", "combined")
    if name not in KEYS:
        raise ValueError(f"{name!r:.80} is none of {', '.join(KEYS)}")
    if unknown := values.keys() - KEYS[name]:
        raise ValueError(f"the rule {name!r} has no {min(unknown)!r:.80}")
    return name, values
