"""A person's own answers."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from annotation import today
from annotation.access import annotator_project_or_404
from annotation.http import AuthenticatedHttpRequest
from annotation.past import past_answer, past_answers
from annotation.views.answers import signed_in

PER_PAGE = 25


@never_cache
@require_GET
@signed_in
def history(request: AuthenticatedHttpRequest, slug: str) -> HttpResponse:
    """Newest first, page by page; the last one can be taken back for a while."""
    project = annotator_project_or_404(request.user, slug)
    page = Paginator(past_answers(project, request.user), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "page": page,
        "answers": [past_answer(annotation) for annotation in page],
        "done": today.done_today(project, request.user),
        "last": today.last_answer(project, request.user),
    }
    return render(request, "desk/history.html", context)
