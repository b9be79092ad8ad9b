"""The live probe: how well the labels so far can be predicted, while people label."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from annotation.access import researcher_project_or_404
from annotation.http import AuthenticatedHttpRequest
from annotation.stats.estimate import Estimate
from annotation.views import figures
from annotation.views.show import share
from training.services import probe as probes


@login_required
@require_GET
def probe(request: AuthenticatedHttpRequest, slug: str) -> HttpResponse:
    """One figure of the overview, fetched by itself and again every now and then."""
    project = researcher_project_or_404(request.user, slug)
    found = figures.keep(project, "probe", probes.accuracy)
    shown = None if found is None else share(Estimate(found.value, found.low, found.high, found.pairs))
    return render(request, "training/probe.html", {"project": project, "share": shown, "found": found})
