"""Who may open the pages of researchers and admins: everybody else is told that there is no such page."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Project, User
from tests.factories import make_round

PAGES = [
    "project", "project-settings", "import", "calibration", "rounds", "round-new", "agreement", "annotators",
    "ratings", "guidelines-edit", "people", "preference-sets", "models", "runs", "probe",
]  # fmt: skip
ADMIN_PAGES = ["cycle-new", "model-register"]
VERBS = ["role-add", "role-remove"]


def url(name: str, project: Project, *more: object) -> str:
    return reverse(name, args=[project.slug, *more])


@pytest.mark.parametrize("name", [*PAGES, *ADMIN_PAGES, "run-new"])
@pytest.mark.parametrize("who", ["annotator", "stranger"])
def test_others_find_no_page(
    client: Client, project: Project, name: str, who: str, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(who))
    assert client.get(url(name, project)).status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_a_researcher_sees_the_page_of_an_empty_project(
    client: Client, project: Project, researcher: User, name: str
) -> None:
    client.force_login(researcher)
    assert client.get(url(name, project)).status_code == 200


@pytest.mark.parametrize("name", PAGES)
def test_who_is_not_signed_in_is_sent_to_sign_in(client: Client, project: Project, name: str) -> None:
    answer = client.get(url(name, project))
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(reverse("login"))


@pytest.mark.parametrize("name", ["round", "round-open", "round-close"])
def test_a_round_of_another_project_is_not_found(
    client: Client, project: Project, stranger: User, name: str
) -> None:
    round = make_round(project)
    client.force_login(stranger)
    answer = client.get if name == "round" else client.post
    assert answer(url(name, project, round.number)).status_code == 404


@pytest.mark.parametrize("name", VERBS)
def test_verbs_are_not_done_by_looking(client: Client, project: Project, researcher: User, name: str) -> None:
    client.force_login(researcher)
    assert client.get(url(name, project)).status_code == 405


def test_a_site_admin_may_open_every_project(client: Client, project: Project, site_admin: User) -> None:
    client.force_login(site_admin)
    assert client.get(url("project", project)).status_code == 200


def test_only_who_researches_somewhere_may_begin_a_project(
    client: Client, project: Project, researcher: User, annotator: User
) -> None:
    client.force_login(annotator)
    assert client.get(reverse("project-new")).status_code == 404
    client.force_login(researcher)
    assert client.get(reverse("project-new")).status_code == 200


def test_pages_hold_no_inline_script_or_style(client: Client, project: Project, researcher: User) -> None:
    client.force_login(researcher)
    for name in PAGES:
        text = client.get(url(name, project)).content.decode()
        assert "<style" not in text
        assert " style=" not in text
        assert "<script>" not in text
        assert " onclick=" not in text
