"""The API of annotation: the same services as the pages, the same refusals as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import cast
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view, parser_classes
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.access import annotator_project_or_404, researcher_project_or_404
from annotation.api.parsers import JSONLinesParser
from annotation.api.people import user_of
from annotation.api.serializers import (
    AnnotationSerializer,
    AnswerSerializer,
    DraftSerializer,
    HoldSerializer,
    ImportedSerializer,
    ProjectSerializer,
    SkipSerializer,
    StoredSerializer,
)
from annotation.models import Project
from annotation.selectors import report as report_of
from annotation.services import importing, seats


@extend_schema(responses=ProjectSerializer(many=True))
@api_view(["GET"])
def projects(request: Request) -> Response:
    """The projects in which you have a role."""
    return Response(
        ProjectSerializer(Project.objects.visible_to(user_of(request)).order_by("name"), many=True).data
    )


@extend_schema(request=None, responses={200: OpenApiTypes.OBJECT, 204: None})
@api_view(["POST"])
def next_hold(request: Request, slug: str) -> Response:
    """The item in your hands, or the next one; 204 when nothing is left."""
    project = annotator_project_or_404(user_of(request), slug)
    hold = seats.next_hold(project=project, annotator=user_of(request))
    return Response(status=204) if hold is None else Response(HoldSerializer(hold).data)


@extend_schema(request=AnswerSerializer, responses=StoredSerializer)
@api_view(["POST"])
def submit(request: Request, token: UUID) -> Response:
    """Submit an answer. The same token again gives the same answer and stores nothing."""
    answer = AnswerSerializer(data=request.data)
    answer.is_valid(raise_exception=True)
    done = seats.submit(token=token, annotator=user_of(request), **answer.validated_data)
    return Response({"id": done.annotation.pk, "replay": done.replay})


@extend_schema(request=DraftSerializer, responses={204: None})
@api_view(["PUT"])
def draft(request: Request, token: UUID) -> Response:
    """Keep a draft of the answer."""
    given = DraftSerializer(data=request.data)
    given.is_valid(raise_exception=True)
    seats.save_draft(token=token, annotator=user_of(request), draft=given.validated_data["draft"])
    return Response(status=204)


@extend_schema(request=SkipSerializer, responses={204: None})
@api_view(["POST"])
def skip(request: Request, token: UUID) -> Response:
    """Give the item back for good, with a reason."""
    given = SkipSerializer(data=request.data)
    given.is_valid(raise_exception=True)
    seats.skip(token=token, annotator=user_of(request), reason=given.validated_data["reason"])
    return Response(status=204)


@extend_schema(request=None, responses=OpenApiTypes.OBJECT)
@api_view(["POST"])
def undo(request: Request, slug: str) -> Response:
    """Take up your last answer again."""
    project = annotator_project_or_404(user_of(request), slug)
    return Response(HoldSerializer(seats.undo(project=project, annotator=user_of(request))).data)


@extend_schema(responses=AnnotationSerializer(many=True))
@api_view(["GET"])
def history(request: Request, slug: str) -> Response:
    """Your own newest hundred answers."""
    user = user_of(request)
    project = annotator_project_or_404(user, slug)
    own = project.annotations.standing().filter(annotator=user).order_by("-pk")[:100]
    return Response(AnnotationSerializer(own, many=True).data)


@extend_schema(request={"application/x-ndjson": OpenApiTypes.STR}, responses=ImportedSerializer)
@api_view(["POST"])
@parser_classes([JSONLinesParser])
def items(request: Request, slug: str) -> Response:
    """Import items, one JSON object a line (docs/formats.md). A bad line is named and nothing is stored."""
    project = researcher_project_or_404(user_of(request), slug)
    lines = cast(list[bytes], request.data)
    return Response(asdict(importing.import_items(project=project, lines=lines)), status=201)


@extend_schema(responses=OpenApiTypes.OBJECT)
@api_view(["GET"])
def report(request: Request, slug: str) -> Response:
    """Agreement and ratings: the numbers of the pages and of `manage.py report`."""
    return Response(report_of(researcher_project_or_404(user_of(request), slug)))
