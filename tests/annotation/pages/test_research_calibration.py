"""Researchers label the calibration set, each by themselves before they see the others."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.labels import Kind
from annotation.models import Item, Project, ResearcherLabel, RoundPurpose, User
from tests.factories import make_calibration, make_round, make_user


@pytest.fixture
def page(client: Client, researcher: User) -> Client:
    client.force_login(researcher)
    return client


@pytest.fixture
def colleague(project: Project) -> User:
    return make_user(display_name="Wei Zhang")


def url(item: Item) -> str:
    return reverse("calibration-item", args=[item.round.project.slug, item.pk])


def give(page: Client, item: Item, **fields: str) -> Any:
    return page.post(url(item), {"comment": "", "reason": "", **fields})


def test_a_label_is_stored_in_the_order_of_the_item(page: Client, project: Project) -> None:
    item = make_round(project, 1, purpose=RoundPurpose.CALIBRATION).items.get()
    assert give(page, item, side="b", strength="3", reason="B is right").status_code == 302
    given = ResearcherLabel.objects.get()
    assert given.label == {"tiers": [[1], [0]], "strength": 3}
    assert given.reason == "B is right"


def test_a_ranking_and_a_score_are_given_with_the_fields_of_the_desk(page: Client, project: Project) -> None:
    ranked = make_round(project, 1, kind=Kind.RANK, k=3, purpose=RoundPurpose.CALIBRATION).items.get()
    scored = make_round(project, 1, kind=Kind.SCORE, k=1, purpose=RoundPurpose.CALIBRATION).items.get()
    give(page, ranked, **{"place-2": "1", "place-0": "2"})
    give(page, scored, **{"rating-helpful-0": "5"})
    said = dict(ResearcherLabel.objects.values_list("item", "label"))
    assert said[ranked.pk] == {"tiers": [[2], [0], [1]]}
    assert said[scored.pk] == {"ratings": {"helpful": [5.0]}}


def test_what_is_missing_is_said_in_place(page: Client, project: Project) -> None:
    item = make_round(project, 1, purpose=RoundPurpose.CALIBRATION).items.get()
    answer = give(page, item, side="a")
    assert answer.status_code == 422
    assert "Say how much better it is." in answer.content.decode()
    assert not ResearcherLabel.objects.exists()


def test_the_others_are_shown_after_one_s_own_label(page: Client, project: Project, colleague: User) -> None:
    item = make_calibration(project, [colleague], compare=1).items.get()
    assert "Wei Zhang" not in page.get(url(item)).content.decode()
    give(page, item, side="a", strength="2")
    text = page.get(url(item)).content.decode()
    assert "Wei Zhang" in text
    assert "Unanimous" in text


def test_the_list_does_not_tell_what_others_said(page: Client, project: Project, colleague: User) -> None:
    make_calibration(project, [colleague], compare=1)
    text = page.get(reverse("calibration", args=[project.slug])).content.decode()
    assert "A is better" not in text
    assert "after yours" in text


def test_divided_researchers_are_shown_as_such(page: Client, project: Project, colleague: User) -> None:
    item = make_calibration(project, [colleague], compare=1).items.get()
    give(page, item, side="b", strength="4")
    assert "Divided" in page.get(reverse("calibration", args=[project.slug])).content.decode()


def test_the_next_item_follows(page: Client, project: Project, colleague: User) -> None:
    first, second = make_calibration(project, [colleague], compare=2).items.order_by("pk")
    assert give(page, first, side="a", strength="1").headers["Location"] == url(second)
    answer = give(page, second, side="a", strength="1")
    assert answer.headers["Location"] == reverse("calibration", args=[project.slug])


def test_an_item_of_labelling_has_no_such_page(page: Client, project: Project) -> None:
    item = make_round(project, 1).items.get()
    assert page.get(url(item)).status_code == 404
