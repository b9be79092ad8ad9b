"""Who asks."""

from __future__ import annotations

from rest_framework.request import Request

from annotation.models import User


def user_of(request: Request) -> User:
    """The account behind a request: the permission classes let nobody unknown through."""
    assert isinstance(request.user, User)
    return request.user
