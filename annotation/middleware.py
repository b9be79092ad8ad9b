"""Answers that every view would otherwise have to give."""

from __future__ import annotations

from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

RETRY_SECONDS = 5


class DatabaseTrouble:
    """Says 503 with Retry-After when the database is away: the desk keeps the draft and tries again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, OperationalError | InterfaceError):
            return None
        answer = JsonResponse(
            {"code": "database_away", "message": _("The database is not reachable; nothing was stored.")},
            status=503,
        )
        answer["Retry-After"] = str(RETRY_SECONDS)
        return answer
