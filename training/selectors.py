"""Questions about training: rows in, plain data out."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from annotation.models import Project
from training.models import Checkpoint, CheckpointRole

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


def _usable(project: Project) -> QuerySet[Checkpoint]:
    return Checkpoint.objects.filter(Q(project=project) | Q(project=None), stale=False)
