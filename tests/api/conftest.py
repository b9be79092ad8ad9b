"""Signed-in clients of the API."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from annotation.models import User

Call = Callable[..., Any]


@pytest.fixture
def call(client: Client) -> Call:
    """call(user, method, path, body) -> response; the body is JSON unless it is bytes."""

    def send(
        user: User | None, method: str, path: str, body: object = None, content: str = "application/json"
    ) -> Any:
        if user is not None:
            client.force_login(user)
        data = body if isinstance(body, bytes) else json.dumps(body)
        return client.generic(method, f"/api/v1/{path}", data, content_type=content)

    return send
