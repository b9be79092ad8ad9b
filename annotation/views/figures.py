"""Figures that cost more the more people say, kept in the process until something changes.

A figure is used again while nothing new was said. One that is costly is used a while longer even then, so
that a page that is looked at often takes at most a twentieth of a processor; it says how old it is.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Count, Max
from django.utils import timezone

from annotation import selectors
from annotation.models import Annotation, Project, ResearcherLabel
from annotation.selectors.agreement import Agreement, DisputedItem, Matrix
from annotation.selectors.annotators import AnnotatorRow
from annotation.selectors.bias import Leanings
from annotation.selectors.bias import leanings as leanings_of
from annotation.selectors.ratings import Ratings
from annotation.views import beside
from annotation.views.beside import Judged

COSTLY = 0.5  # seconds of work
LONGEST = 120.0  # seconds a costly figure is used after something changed
TIMES = 20  # ... or so many times what it cost, whichever is less
DISPUTED = 100

T = TypeVar("T")


@dataclass(frozen=True)
class Kept:
    stamp: object
    made: datetime
    at: float
    cost: float
    value: Any


_kept: dict[tuple[int, str], Kept] = {}
_locks: defaultdict[tuple[int, str], threading.Lock] = defaultdict(threading.Lock)


def among(project: Project) -> Agreement:
    return keep(project, "among", selectors.round_agreement)


def ceiling(project: Project) -> Agreement:
    return keep(project, "ceiling", selectors.calibration_ceiling)


def matrix(project: Project) -> Matrix:
    return keep(project, "matrix", selectors.agreement_matrix)


def disputed(project: Project) -> list[DisputedItem]:
    return keep(project, "disputed", lambda project: selectors.most_disputed(project, DISPUTED))


def annotators(project: Project) -> list[AnnotatorRow]:
    return keep(project, "annotators", selectors.annotator_rows)


def ratings(project: Project) -> Ratings:
    return keep(project, "ratings", selectors.ratings)


def leanings(project: Project) -> Leanings:
    return keep(project, "leanings", leanings_of)


def judged(project: Project) -> list[Judged]:
    return keep(project, "judged", beside.judged)


def updated(project: Project) -> datetime:
    """When the oldest figure of the project that is in use was made."""
    return min(
        (kept.made for (pk, _name), kept in list(_kept.items()) if pk == project.pk), default=timezone.now()
    )


def keep(project: Project, name: str, make: Callable[[Project], T]) -> T:
    """What `make` finds; whoever asks at the same moment waits for the one who works."""
    key = (project.pk, name)
    with _locks[key]:
        now, kept = _stamp(project), _kept.get(key)
        if kept is not None and (kept.stamp == now or _still_good(kept, project)):
            found: T = kept.value
            return found
        made, begun = timezone.now(), time.monotonic()
        value = make(project)
        _kept[key] = Kept(now, made, time.monotonic(), time.monotonic() - begun, value)
        return value


def _still_good(kept: Kept, project: Project) -> bool:
    same = isinstance(kept.stamp, tuple) and kept.stamp[0] == project.created_at
    return same and kept.cost >= COSTLY and time.monotonic() - kept.at < min(LONGEST, TIMES * kept.cost)


def _stamp(project: Project) -> tuple[object, ...]:
    """Differs as soon as somebody said something, passed, failed, joined, or a round moved."""
    last = Annotation.objects.filter(project=project).order_by("-pk").values_list("pk", flat=True)[:1]
    labelled = ResearcherLabel.objects.order_by("-pk").values_list("pk", flat=True)[:1]
    tests = project.qualifications.values_list("state").annotate(count=Count("pk"), last=Max("decided_at"))
    return (
        project.created_at,
        *last,
        *labelled,
        tuple(project.rounds.order_by("pk").values_list("pk", "state")),
        tuple(tests.order_by("state")),
        project.memberships.count(),
    )
