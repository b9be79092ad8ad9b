"""Request types for views behind a sign-in."""

from __future__ import annotations

from django.http import HttpRequest

from annotation.models import User


class AuthenticatedHttpRequest(HttpRequest):
    """A request whose user is known: every view under `login_required` takes one."""

    user: User
