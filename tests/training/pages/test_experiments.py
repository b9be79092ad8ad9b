"""The demo's two pictures on the overview."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from annotation.models import Project, User
from tests.factories import make_round
from training.tinyworld.recorded import recorded

pytestmark = pytest.mark.django_db
ROW = {"round": 1, "policies": {"dpo": {"win_over_base": 0.9125}}}


@pytest.fixture
def page(client: Client, researcher: User) -> Client:
    client.force_login(researcher)
    return client


@pytest.fixture
def demo(settings: Settings, tmp_path: Path, project: Project) -> None:
    """A data folder in which a demo has ended its first round."""
    make_round(project)
    settings.DATA = tmp_path
    summary = {"seed": 1, "screened": True, "mode": "screened", "rounds": [ROW]}
    (tmp_path / "summary.json").write_text(json.dumps(summary))


def test_they_stand_on_the_overview_of_the_demo(page: Client, project: Project, demo: None) -> None:
    text = page.get(f"/projects/{project.slug}/").content.decode()
    assert "What screening buys" in text
    assert "What the KL penalty prevents" in text


def test_no_other_installation_shows_them(page: Client, project: Project) -> None:
    assert "What screening buys" not in page.get(f"/projects/{project.slug}/").content.decode()


def test_the_line_of_the_running_demo_is_live(page: Client, project: Project, demo: None) -> None:
    rows = page.get(f"/projects/{project.slug}/?format=json&table=screening").json()["rows"]
    live = [row for row in rows if row["mode"] == "screened"]
    assert live == [{"mode": "screened", "round": 1, "dpo_win_over_base": 91.25}]
    assert {row["mode"] for row in rows} == {"screened", "weighted", "unscreened"}


def test_what_was_recorded_shows_over_optimisation() -> None:
    curves = recorded()["overoptimisation"]
    ends = {name: [point["oracle"] for point in curve[-5:]] for name, curve in curves.items()}
    assert max(ends["kl_0"]) < min(ends["kl_0.2"])
