"""Fixtures of the pages of training."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from annotation.models import Project, Role, User
from tests.factories import make_user


@pytest.fixture(autouse=True)
def artefacts(settings: Settings, tmp_path: Path) -> Path:
    settings.ARTEFACTS = tmp_path / "artefacts"
    return tmp_path / "artefacts"


@pytest.fixture
def page(client: Client, researcher: User) -> Client:
    """Signed in as the owner of the project, who is researcher and admin."""
    client.force_login(researcher)
    return client


@pytest.fixture
def helper(project: Project) -> User:
    """A researcher who is no admin."""
    return make_user(member_of=project, role=Role.RESEARCHER)
