"""Print agreement and ratings of a project."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.models import Project
from annotation.selectors import report


class Command(BaseCommand):
    help = "Print agreement of the annotators and ratings of the sources of a project."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help="short name (slug) of the project")
        parser.add_argument("--json", action="store_true", help="print exactly one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f"there is no project {options['project']!r}")
        figures = report(project)
        if options["json"]:
            self.stdout.write(json.dumps(figures, ensure_ascii=False, allow_nan=False))
        else:
            self.stdout.write("\n".join(table(project.name, figures)))


def table(name: str, figures: dict[str, Any]) -> Iterator[str]:
    """The figures as lines for people."""
    comparisons = figures["agreement"]["comparisons"]
    yield f"{name}: {figures['labels']} labels by {figures['annotators']} annotators"
    yield ""
    for criterion, alphas in figures["agreement"]["ratings"].items():
        yield f"ratings of {criterion}: alpha interval {shown(alphas['alpha_interval'])}, " + (
            f"ordinal {shown(alphas['alpha_ordinal'])}"
        )
    yield f"comparisons: {comparisons['votes']} votes, ties {shown(comparisons['tie_rate'])}, " + (
        f"same outcome {shown(comparisons['observed'])}, alpha nominal {shown(comparisons['alpha_nominal'])}"
    )
    yield ""
    yield f"{'Elo':>8}  {'95 % from':>9} {'to':>8}  {'votes':>8}  source"
    for one in figures["ratings"]:
        bounds = f"{shown(one['elo'], 1):>8}  {shown(one['low'], 1):>9} {shown(one['high'], 1):>8}"
        yield f"{bounds}  {one['votes']:>8}  {one['source']}"


def shown(value: float | None, digits: int = 4) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
