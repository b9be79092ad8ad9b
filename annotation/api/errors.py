"""What a refusal looks like in the API: `{"code", "message", "field"}`."""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler

from annotation.errors import Refused
from annotation.labels import LabelError


def handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn refusals of the services into answers; leave the rest to REST framework."""
    if isinstance(error, Refused):
        return Response(
            {"code": error.code, "message": str(error.message), "field": error.field}, status=error.status
        )
    if isinstance(error, LabelError):
        return Response({"code": "bad_label", "message": error.message, "field": error.field}, status=400)
    return exception_handler(error, context)
