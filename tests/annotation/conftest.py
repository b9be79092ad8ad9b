"""Fixtures of the tests of annotation."""

from __future__ import annotations

import pytest

from annotation.models import Project, User
from tests.factories import make_calibration, make_project, make_round, make_user


@pytest.fixture
def tested(researcher: User) -> Project:
    """A project with a test of 30 items, and labels to give."""
    project = make_project(owner=researcher, screening_required=True)
    make_calibration(project, [researcher, make_user()], compare=14, score=10, rank=6)
    make_round(project, 3)
    return project
