"""Fixtures of all tests."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from django.conf import settings

from annotation.models import Project, Role, User
from tests.factories import make_project, make_user
from tests.nottested import pytest_sessionfinish, pytest_terminal_summary
from tests.servers import postgres_server, postgres_url, redis_url

__all__ = ["postgres_server", "postgres_url", "pytest_sessionfinish", "pytest_terminal_summary", "redis_url"]


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Write nothing into the folder of the person who runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="rondo-tests-"))
    settings.DATA = folder
    settings.ARTEFACTS = folder / "artefacts"
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


@pytest.fixture
def researcher(db: None) -> User:
    return make_user("rosa")


@pytest.fixture
def project(researcher: User) -> Project:
    return make_project(owner=researcher)


@pytest.fixture
def annotator(project: Project) -> User:
    return make_user("anna", member_of=project, role=Role.ANNOTATOR)


@pytest.fixture
def other_annotator(project: Project) -> User:
    return make_user("ben", member_of=project, role=Role.ANNOTATOR)


@pytest.fixture
def stranger(db: None) -> User:
    return make_user("carl")


@pytest.fixture
def site_admin(db: None) -> User:
    return make_user("root", is_superuser=True)
