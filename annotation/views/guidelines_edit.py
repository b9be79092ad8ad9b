"""Write the next version of the guidelines."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from annotation.access import researcher_project_or_404
from annotation.errors import Refused
from annotation.http import AuthenticatedHttpRequest
from annotation.research_forms import GuidelinesForm
from annotation.services.projects import publish_guidelines
from annotation.views.common import posted, refuse, shown


@login_required
@require_http_methods(["GET", "POST"])
def guidelines_edit(request: AuthenticatedHttpRequest, slug: str) -> HttpResponse:
    project = researcher_project_or_404(request.user, slug)
    now = project.guidelines_now
    form = GuidelinesForm(posted(request), initial={"body_en": now.body_en, "body_zh": now.body_zh})
    if form.is_bound and form.is_valid():
        try:
            made = publish_guidelines(project=project, created_by=request.user, **form.cleaned_data)
        except Refused as refused:
            refuse(form, refused)
        else:
            messages.success(
                request, _("Version %(number)d is what annotators read now.") % {"number": made.version}
            )
            return redirect("guidelines-edit", project.slug)
    versions = project.guidelines.select_related("created_by").order_by("-version")
    page = {"project": project, "form": form, "now": now, "next": now.version + 1, "versions": versions}
    return shown(request, "research/guidelines_edit.html", page, form)
