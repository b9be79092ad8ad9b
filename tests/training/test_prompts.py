from __future__ import annotations

from typing import Any

import pytest

from annotation.errors import Refused
from annotation.labels import Kind
from annotation.models import Project, Prompt, RoundPurpose
from annotation.services import rounds
from tests.factories import make_project, make_prompt, make_round
from training.services.prompts import TEST, TRAIN, check, chosen

pytestmark = pytest.mark.django_db


def test_prompts_are_named_by_their_keys_in_order(project: Project) -> None:
    first, second = make_prompt(project), make_prompt(project)
    assert chosen(project, {"ids": [second.pk, first.pk]}, 0) == [second, first]


def test_prompts_of_another_project_are_not_found(project: Project) -> None:
    assert chosen(project, {"ids": [make_prompt(make_project()).pk]}, 0) == []


def test_prompts_are_named_by_their_round(project: Project) -> None:
    make_prompt(project)
    round = make_round(project, 3)
    assert chosen(project, {"round": round.number}, 0) == list(Prompt.objects.filter(items__round=round))


def test_the_same_seed_draws_the_same_prompts(project: Project) -> None:
    for _ in range(20):
        make_prompt(project, split=TRAIN)
    drawn = [chosen(project, {"split": TRAIN, "count": 5}, seed) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(drawn[0]) == 5


def test_no_text_is_drawn_twice(project: Project) -> None:
    for _ in range(3):
        make_prompt(project, "the same", split=TRAIN)
    assert len(chosen(project, {"split": TRAIN, "count": 5}, 0)) == 1


def test_without_a_side_all_are_drawn_but_those_said_to_be_for_tests(project: Project) -> None:
    said = {split: make_prompt(project, split=split) for split in (TRAIN, TEST)}
    unsaid = [make_prompt(project) for _ in range(30)]
    drawn = chosen(project, {"count": 100}, 0)
    assert set(drawn) == {said[TRAIN], *unsaid}


def test_unused_prompts_stand_in_no_round(project: Project) -> None:
    make_round(project, 3)
    free = make_prompt(project)
    assert chosen(project, {"count": 100, "unused": True}, 0) == [free]


def test_prompts_of_a_deleted_draft_are_free_again(project: Project) -> None:
    drafted = make_round(project, 2, opened=False)
    drafted.delete()
    assert len(chosen(project, {"count": 100, "unused": True}, 0)) == 2


@pytest.mark.parametrize(
    "wanted",
    [
        {"path": "/etc/passwd"},
        {"ids": ["1; drop"]},
        {"ids": [1], "round": 1},
        {"round": "1"},
        {"split": TRAIN},
        {"count": 0},
        {"count": True},
        {"count": 5, "split": "secret"},
        {"count": 5, "unused": "yes"},
    ],
)
def test_prompts_named_in_no_known_way_are_refused(wanted: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="bad_prompts"):
        check(wanted)


def test_a_prompt_in_calibration_is_used(project: Project) -> None:
    made = make_prompt(project)
    completions = [made.completions.create(text=text) for text in "ab"]
    items = [rounds.DraftItem(made, completions, Kind.COMPARE)]
    rounds.draft_round(project=project, items=items, purpose=RoundPurpose.CALIBRATION)
    assert chosen(project, {"count": 9, "unused": True}, 0) == []


def test_prompts_said_to_be_for_tests_come_before_those_that_fall_on_that_side(project: Project) -> None:
    for _ in range(40):
        make_prompt(project)
    said = {make_prompt(project, split=TEST).pk for _ in range(3)}
    assert {prompt.pk for prompt in chosen(project, {"split": TEST, "count": 3}, 0)} == said
