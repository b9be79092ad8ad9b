"""The API of training: the same services as the pages, the same refusals as JSON."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.access import admin_project_or_404, researcher_project_or_404
from annotation.api.people import user_of
from annotation.errors import Refused
from annotation.models import Project
from training import selectors, tasks
from training.api.serializers import NewRunSerializer, PreferenceSetSerializer, RunSerializer
from training.models import Checkpoint, PreferenceSet, Run
from training.services import runs as run_services

CHECKPOINTS = ("policy", "reference", "reward")


@extend_schema(responses=PreferenceSetSerializer(many=True))
@api_view(["GET"])
def preference_sets(request: Request, slug: str) -> Response:
    """The frozen preference sets, newest first."""
    project = researcher_project_or_404(user_of(request), slug)
    return Response(PreferenceSetSerializer(project.preference_sets.order_by("-number"), many=True).data)


@extend_schema(methods=["GET"], responses=RunSerializer(many=True))
@extend_schema(methods=["POST"], request=NewRunSerializer, responses={201: RunSerializer})
@api_view(["GET", "POST"])
def runs(request: Request, slug: str) -> Response:
    """List the newest hundred runs, or start one (admins)."""
    user = user_of(request)
    if request.method == "GET":
        project = researcher_project_or_404(user, slug)
        return Response(RunSerializer(project.runs.order_by("-pk")[:100], many=True).data)
    project = admin_project_or_404(user, slug)
    given = NewRunSerializer(data=request.data)
    given.is_valid(raise_exception=True)
    run = run_services.create_run(project=project, created_by=user, **_named(project, given.validated_data))
    tasks.ring(run.pk)
    return Response(RunSerializer(run).data, status=201)


@extend_schema(responses=RunSerializer)
@api_view(["GET"])
def run(request: Request, slug: str, pk: int) -> Response:
    """One run as it is now."""
    return Response(RunSerializer(_run_or_404(researcher_project_or_404(user_of(request), slug), pk)).data)


@extend_schema(request=None, responses=RunSerializer)
@api_view(["POST"])
def cancel(request: Request, slug: str, pk: int) -> Response:
    """Cancel a run; its process and its GPU memory are gone within a minute."""
    found = _run_or_404(admin_project_or_404(user_of(request), slug), pk)
    return Response(RunSerializer(run_services.cancel(run_id=found.pk)).data)


def _named(project: Project, values: dict[str, Any]) -> dict[str, Any]:
    """The rows that the names stand for."""
    known = {checkpoint.tag: checkpoint for checkpoint in _checkpoints(project)}
    for name in CHECKPOINTS:
        if name in values:
            if values[name] not in known:
                raise Refused("unknown_checkpoint", _("There is no such checkpoint here."), field=name)
            values[name] = known[values[name]]
    if "preference_set" in values:
        number = values["preference_set"]
        found = PreferenceSet.objects.filter(project=project, number=number).first()
        if found is None:
            raise Refused(
                "unknown_preference_set", _("There is no such preference set here."), field="preference_set"
            )
        values["preference_set"] = found
    return values


def _checkpoints(project: Project) -> list[Checkpoint]:
    return [*selectors.policies(project), *selectors.rewards(project)]


def _run_or_404(project: Project, pk: int) -> Run:
    found = project.runs.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
