"""Preference sets: freeze, read, download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Project, Qualification, Round, User
from annotation.services import rounds
from tests.annotation.deskhands import answer, take
from tests.factories import make_round
from tests.training.factories import make_preference_set


def url(project: Project, name: str = "preference-sets", *more: object) -> str:
    return reverse(name, args=[project.slug, *more])


@pytest.fixture
def closed(project: Project, annotator: User) -> Round:
    round = make_round(project, 4)
    for _ in range(4):
        answer(take(project, annotator))
    rounds.close_round(round_id=round.pk)
    return round


def test_closed_rounds_are_frozen(page: Client, project: Project, closed: Round) -> None:
    shown = page.post(url(project), {"rounds": [closed.pk], "weighting": ""}, follow=True)
    frozen = project.preference_sets.get()
    assert shown.redirect_chain[-1][0] == url(project, "preference-set", 1)
    assert frozen.sha256 in shown.content.decode()
    assert [str(count.word) for count in shown.context["counts"]] == ["Prompts", "Pairs", "Scored answers"]


def test_the_list_tells_which_sets_hold_labels_of_suspended_people(
    page: Client, project: Project, annotator: User, closed: Round
) -> None:
    page.post(url(project), {"rounds": [closed.pk], "weighting": ""})
    assert "stale" not in page.get(url(project)).content.decode()
    Qualification.objects.create(
        project=project, annotator=annotator, guidelines=project.guidelines_now, state="suspended"
    )
    for name, more in (("preference-sets", []), ("preference-set", [1])):
        assert "stale" in page.get(url(project, name, *more)).content.decode()


def test_people_in_a_set_are_shown_by_name(
    page: Client, project: Project, annotator: User, closed: Round
) -> None:
    text = page.post(url(project), {"rounds": [closed.pk], "weighting": ""}, follow=True).content.decode()
    assert f'a1 <small class="muted">{annotator.name}' in text


def test_freezing_the_same_again_is_the_same_set(page: Client, project: Project, closed: Round) -> None:
    for _ in range(2):
        page.post(url(project), {"rounds": [closed.pk], "weighting": "False"})
    assert project.preference_sets.count() == 1


def test_an_open_round_is_not_offered(page: Client, project: Project) -> None:
    open_round = make_round(project)
    assert "none is closed" in page.get(url(project)).content.decode()
    assert page.post(url(project), {"rounds": [open_round.pk]}).status_code == 422


def test_rounds_that_teach_nothing_are_refused_in_place(page: Client, project: Project) -> None:
    empty = make_round(project)
    rounds.close_round(round_id=empty.pk)
    shown = page.post(url(project), {"rounds": [empty.pk], "weighting": ""})
    assert shown.status_code == 422
    assert 'role="alert"' in shown.content.decode()


def test_the_file_is_sent_byte_for_byte(page: Client, project: Project) -> None:
    frozen = make_preference_set(project)
    sent: Any = page.get(url(project, "preference-set-file", frozen.number))
    assert b"".join(sent.streaming_content) == frozen.path.read_bytes()
    assert "attachment" in sent.headers["Content-Disposition"]


def test_a_file_that_is_gone_is_not_found(page: Client, project: Project) -> None:
    frozen = make_preference_set(project)
    Path(frozen.path).unlink()
    assert page.get(url(project, "preference-set-file", frozen.number)).status_code == 404


def test_the_alerts_of_the_datasheet_are_said(page: Client, project: Project) -> None:
    frozen = make_preference_set(project)
    frozen.datasheet = {"alerts": [{"code": "unreliable", "annotator": "a1", "reliability": 0.21}]}
    frozen.save()
    text = page.get(url(project, "preference-set", frozen.number)).content.decode()
    assert "a1 is more often wrong than right (reliability 0.21)" in text


@pytest.mark.parametrize("who", ["annotator", "stranger"])
def test_others_find_no_set(
    client: Client, project: Project, who: str, request: pytest.FixtureRequest
) -> None:
    frozen = make_preference_set(project)
    client.force_login(request.getfixturevalue(who))
    assert client.post(url(project), {}).status_code == 404
    for name in ("preference-set", "preference-set-file"):
        assert client.get(url(project, name, frozen.number)).status_code == 404
