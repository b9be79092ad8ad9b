"""What rests on the labels of suspended annotators: listed, and marked stale as long as they are."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from annotation.models import Project, Qualification, QualificationState
from annotation.transactions import write
from training.models import Checkpoint, PreferenceSet, Run


@dataclass(frozen=True)
class Recalled:
    """Everything that used labels of people who are suspended now."""

    annotators: frozenset[int]
    preference_sets: tuple[PreferenceSet, ...]
    runs: tuple[Run, ...]
    checkpoints: tuple[Checkpoint, ...]


def suspended(project: Project) -> frozenset[int]:
    """The accounts whose labels are not trained on."""
    found = Qualification.objects.filter(project=project, state=QualificationState.SUSPENDED)
    return frozenset(found.values_list("annotator", flat=True))


def recall(*, project: Project) -> Recalled:
    """Mark the checkpoints that rest on suspended people's labels, directly or through others, as stale.

    Those that do not (somebody was reinstated) are marked good again. Any number may run at once.
    """
    people = suspended(project)
    sets = [frozen for frozen in project.preference_sets.order_by("number") if _used(frozen) & people]
    runs = _resting_on(project, sets) if sets else []
    stale = Checkpoint.objects.filter(run__in=runs)
    with write():
        project.checkpoints.filter(stale=True).exclude(run__in=runs).update(stale=False)
        stale.filter(stale=False).update(stale=True)
    return Recalled(people, tuple(sets), tuple(runs), tuple(stale.order_by("pk")))


def recall_all() -> None:
    """Recall in every project where somebody is suspended or something is stale."""
    touched = Q(qualifications__state=QualificationState.SUSPENDED) | Q(checkpoints__stale=True)
    for project in Project.objects.filter(touched, preference_sets__isnull=False).distinct():
        recall(project=project)


def _used(frozen: PreferenceSet) -> frozenset[int]:
    """The accounts whose labels are in the set."""
    return frozenset(person.get("account", 0) for person in frozen.datasheet.get("annotators", []))


def _resting_on(project: Project, sets: list[PreferenceSet]) -> list[Run]:
    """The runs that read one of the sets, or weights of a run that did."""
    found: dict[int, Run] = {run.pk: run for run in project.runs.filter(preference_set__in=sets)}
    while True:
        made = list(Checkpoint.objects.filter(run__in=found))
        reads = Q(policy__in=made) | Q(reference__in=made) | Q(reward__in=made) | Q(policies__in=made)
        more = project.runs.filter(reads).exclude(pk__in=found).distinct()
        fresh = {run.pk: run for run in more}
        if not fresh:
            return [found[pk] for pk in sorted(found)]
        found |= fresh
