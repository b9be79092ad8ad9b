"""The test before the work: what it is, how to begin, how it ended. Which items it holds is never said."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotation.access import annotator_project_or_404
from annotation.errors import Refused
from annotation.http import AuthenticatedHttpRequest
from annotation.models import Project, Qualification, QualificationState
from annotation.services import screening as test
from annotation.views.answers import signed_in


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def screening(request: AuthenticatedHttpRequest, slug: str) -> HttpResponse:
    """Show where the person stands; POST starts the test, or starts the one retry."""
    project = annotator_project_or_404(request.user, slug)
    standing = test.standing(project, request.user)
    if request.method == "POST":
        return _begin(request, project, standing)
    context = {
        "project": project,
        "qualification": standing,
        "state": standing.state if standing else "",
        "retry": standing is not None and standing.attempt < test.ATTEMPTS,
        "guidelines": project.guidelines_now,
    }
    return render(request, "desk/screening.html", context)


def _begin(
    request: AuthenticatedHttpRequest, project: Project, standing: Qualification | None
) -> HttpResponse:
    begin = test.start
    if standing is not None and standing.state == QualificationState.FAILED:
        begin = test.retry
    try:
        begin(project=project, annotator=request.user)
    except Refused as refused:
        messages.warning(request, str(refused.message))
        return redirect("screening", project.slug)
    return redirect("desk", project.slug)
