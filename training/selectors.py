"""Questions about training: rows in, plain data out."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import Count, Q, QuerySet

from annotation.models import Project
from training.models import Checkpoint, CheckpointRole, Run, RunState
from training.rundir import RunDir, read_events

BASE = "base"


def policies(project: Project) -> list[Checkpoint]:
    """The policies a project may use, newest first."""
    return list(_usable(project).filter(role=CheckpointRole.POLICY).order_by("-pk"))


def rewards(project: Project) -> list[Checkpoint]:
    """The reward models a project may use, newest first."""
    return list(_usable(project).filter(role=CheckpointRole.REWARD).order_by("-pk"))


def base_policy(project: Project) -> Checkpoint | None:
    """Where the project's policies begin: the built-in base, else the policy that was registered first."""
    registered = _usable(project).filter(role=CheckpointRole.POLICY, run=None)
    return registered.filter(tag=BASE).first() or registered.order_by("pk").first()


def current_policy(project: Project, kind: str = "dpo") -> Checkpoint | None:
    """The policy to go on from: the one promoted last, else the newest made by `kind`, else the base."""
    made = Checkpoint.objects.filter(project=project, role=CheckpointRole.POLICY, stale=False)
    return (
        made.exclude(promoted_at=None).order_by("promoted_at").last()
        or made.filter(run__kind=kind).order_by("pk").last()
        or base_policy(project)
    )


def curves(run: Run) -> dict[str, list[tuple[int, float | None]]]:
    """Every metric of a run as (step, value) in the order of steps; None where it was not finite."""
    lines: dict[str, list[tuple[int, float | None]]] = defaultdict(list)
    for name, step, value in run.metrics.order_by("name", "step").values_list("name", "step", "value"):
        lines[name].append((step, value))
    return dict(lines)


def latest_samples(run: Run) -> dict[str, Any] | None:
    """The newest texts a run showed (`step`, `rows`), or None."""
    events, _offset = read_events(RunDir(run.folder).events)
    shown = [event for event in events if event["event"] == "samples"]
    return shown[-1] if shown else None


def log_tail(run: Run, size: int = 20_000) -> str:
    """The end of a run's log, at most `size` bytes."""
    path = RunDir(run.folder).log
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - size))
        return file.read().decode(errors="replace")


def queue_health() -> dict[str, Any]:
    """What an operator must see at a glance: counts by state, the oldest queued run, and who works."""
    counts = dict(Run.objects.values_list("state").annotate(count=Count("pk")))
    queued = Run.objects.filter(state=RunState.QUEUED).order_by("queued_at").first()
    running = Run.objects.filter(Q(state=RunState.RUNNING)).order_by("pk")
    return {
        "counts": {state.value: counts.get(state.value, 0) for state in RunState},
        "oldest_queued_at": None if queued is None else queued.queued_at,
        "workers": sorted(set(running.values_list("owner", flat=True))),
    }


def _usable(project: Project) -> QuerySet[Checkpoint]:
    return Checkpoint.objects.filter(Q(project=project) | Q(project=None), stale=False)
