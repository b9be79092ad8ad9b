"""The first page: the projects a person takes part in."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render

from annotation.http import AuthenticatedHttpRequest
from annotation.models import Project


@login_required
def home(request: AuthenticatedHttpRequest) -> HttpResponse:
    projects = Project.objects.visible_to(request.user).order_by("name")
    return render(request, "accounts/home.html", {"projects": projects})
