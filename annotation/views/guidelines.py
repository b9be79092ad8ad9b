"""The guidelines as everybody in the project reads them."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from annotation.access import RESEARCH, has_role, member_project_or_404
from annotation.http import AuthenticatedHttpRequest
from annotation.views.answers import signed_in


@require_GET
@signed_in
def guidelines(request: AuthenticatedHttpRequest, slug: str) -> HttpResponse:
    """The newest version, or the one asked for by `?version=`."""
    project = member_project_or_404(request.user, slug)
    versions = list(project.guidelines.order_by("-version"))
    asked = request.GET.get("version", str(versions[0].version))
    shown = next((each for each in versions if str(each.version) == asked), None)
    if shown is None:
        raise Http404
    context = {
        "project": project,
        "shown": shown,
        "versions": versions,
        "newest": shown is versions[0],
        "may_edit": has_role(request.user, project, RESEARCH),
    }
    return render(request, "desk/guidelines.html", context)
