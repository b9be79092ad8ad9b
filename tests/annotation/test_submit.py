"""Answers: stored once, never lost."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from annotation.errors import Conflict, Missing, Refused
from annotation.labels import Kind, LabelError
from annotation.models import Annotation, HoldState, Project, Seat, SeatPurpose, SeatState, SkipReason, User
from annotation.services import seats
from tests.annotation.deskhands import answer, run_out, take
from tests.factories import FIRST, SECOND, TIE, make_round


def test_an_answer_is_stored_in_the_items_own_order(project: Project, annotator: User) -> None:
    make_round(project, 8)
    for _ in range(8):
        hold = take(project, annotator)
        told = {"tiers": [[0], [1]]}  # the one shown first is better
        said = seats.submit(token=hold.token, annotator=annotator, label=told).annotation
        assert said.label == {"tiers": [[hold.order[0]], [hold.order[1]]]}


def test_an_answer_fills_its_seat(project: Project, annotator: User) -> None:
    make_round(project, 1)
    said = answer(take(project, annotator))
    seat = Seat.objects.get()
    assert (seat.state, seat.annotator, seat.until) == (SeatState.DONE, annotator, None)
    assert (said.purpose, said.surplus) == (SeatPurpose.LABEL, False)
    assert said.guidelines == project.guidelines_now


def test_the_same_token_again_gives_the_same_answer(project: Project, annotator: User) -> None:
    make_round(project, 1)
    hold = take(project, annotator)
    first = seats.submit(token=hold.token, annotator=annotator, label=FIRST)
    again = seats.submit(token=str(hold.token), annotator=annotator, label=SECOND)
    assert (first.replay, again.replay) == (False, True)
    assert again.annotation == first.annotation
    assert again.annotation.label == first.annotation.label


@pytest.mark.parametrize("token", [uuid.uuid4(), "nonsense", ""])
def test_an_unknown_token_is_missing(project: Project, annotator: User, token: object) -> None:
    with pytest.raises(Missing):
        seats.submit(token=str(token), annotator=annotator, label=FIRST)


def test_anothers_token_is_missing(project: Project, annotator: User, other_annotator: User) -> None:
    make_round(project, 1)
    hold = take(project, annotator)
    with pytest.raises(Missing):
        seats.submit(token=hold.token, annotator=other_annotator, label=FIRST)
    assert not Annotation.objects.exists()


def test_a_late_answer_fills_a_seat_that_is_free_again(project: Project, annotator: User) -> None:
    make_round(project, 1)
    hold = take(project, annotator)
    run_out(hold)
    seats.expire_overdue()
    assert not answer(hold).surplus
    assert Seat.objects.get().state == SeatState.DONE


@pytest.mark.parametrize("answered", [True, False])
def test_a_late_answer_is_surplus_once_another_has_the_seat(
    project: Project, annotator: User, other_annotator: User, answered: bool
) -> None:
    make_round(project, 1)
    late = take(project, annotator)
    run_out(late)
    taken = take(project, other_annotator)
    if answered:
        answer(taken)
    assert answer(late).surplus
    assert not answered or Annotation.objects.counted().get().annotator == other_annotator


def test_of_two_holds_on_one_item_one_answer_counts(project: Project, annotator: User) -> None:
    make_round(project, 1)
    first = take(project, annotator)
    run_out(first)
    seats.expire_overdue()
    second = take(project, annotator)
    assert not answer(first).surplus
    assert answer(second).surplus
    assert Annotation.objects.counted().count() == 1


def test_a_late_answer_is_surplus_where_the_person_has_the_items_other_seat(
    project: Project, annotator: User, other_annotator: User
) -> None:
    make_round(project, 1, overlap=2)
    first = take(project, annotator)
    run_out(first)
    seats.expire_overdue()
    between = take(project, other_annotator)
    second = take(project, annotator)
    seats.skip(token=between.token, annotator=other_annotator, reason=SkipReason.OTHER)
    assert second.seat_id != first.seat_id
    assert not answer(second).surplus
    assert answer(first).surplus


@pytest.mark.parametrize(
    "label",
    [
        {},
        {"tiers": [[0], [0]]},
        {"tiers": [[0, 1, 2]]},
        {"tiers": [[0], [1]], "strength": 5},
        {"winner": 1},
        "A",
        None,
    ],
)
def test_what_is_no_label_is_refused_and_nothing_stored(
    project: Project, annotator: User, label: Any
) -> None:
    make_round(project, 1)
    hold = take(project, annotator)
    with pytest.raises(LabelError):
        seats.submit(token=hold.token, annotator=annotator, label=label)
    hold.refresh_from_db()
    assert hold.state == HoldState.OPEN
    assert not Annotation.objects.exists()


def test_a_rating_beyond_its_scale_is_refused(project: Project, annotator: User) -> None:
    make_round(project, 1, kind=Kind.SCORE, k=1)
    with pytest.raises(LabelError) as refused:
        answer(take(project, annotator), {"ratings": {"helpful": [8]}})
    assert refused.value.field == "ratings.helpful"


def test_flags_are_those_of_the_project(project: Project, annotator: User) -> None:
    project.flags = ["unsafe"]
    project.save()
    make_round(project, 2)
    assert answer(take(project, annotator), FIRST | {"flags": [["unsafe"], []]}).label["flags"]
    with pytest.raises(LabelError, match="unknown flag"):
        answer(take(project, annotator), FIRST | {"flags": [["own"], []]})


def test_working_time_is_kept_and_clipped_to_a_day(project: Project, annotator: User) -> None:
    make_round(project, 3)
    stored = []
    for seconds in (12.5, -3, 10**9):
        hold = take(project, annotator)
        submitted = seats.submit(token=hold.token, annotator=annotator, label=FIRST, seconds=seconds)
        stored.append(submitted.annotation.seconds)
    assert stored == [12.5, 0, 86_400]


@pytest.mark.parametrize("seconds", [float("nan"), "12", True])
def test_a_working_time_that_is_no_number_is_refused(project: Project, annotator: User, seconds: Any) -> None:
    make_round(project, 1)
    hold = take(project, annotator)
    with pytest.raises(LabelError, match="seconds"):
        seats.submit(token=hold.token, annotator=annotator, label=FIRST, seconds=seconds)


def test_a_skipped_item_goes_to_others_and_does_not_come_back(
    project: Project, annotator: User, other_annotator: User
) -> None:
    make_round(project, 1)
    hold = take(project, annotator)
    seats.skip(token=hold.token, annotator=annotator, reason=SkipReason.OFFENSIVE)
    hold.refresh_from_db()
    assert (hold.state, hold.skip_reason) == (HoldState.SKIPPED, SkipReason.OFFENSIVE)
    assert seats.next_hold(project=project, annotator=annotator) is None
    assert take(project, other_annotator).seat_id == hold.seat_id


def test_skipping_twice_changes_nothing(project: Project, annotator: User) -> None:
    make_round(project, 1)
    hold = take(project, annotator)
    for reason in (SkipReason.BROKEN, SkipReason.OTHER):
        seats.skip(token=hold.token, annotator=annotator, reason=reason)
    assert seats.next_hold(project=project, annotator=annotator) is None


def test_an_item_whose_hold_ran_out_can_be_skipped(project: Project, annotator: User) -> None:
    make_round(project, 1)
    hold = take(project, annotator)
    run_out(hold)
    seats.expire_overdue()
    seats.skip(token=hold.token, annotator=annotator, reason=SkipReason.TOO_LONG)
    assert seats.next_hold(project=project, annotator=annotator) is None


def test_a_skip_needs_one_of_the_reasons(project: Project, annotator: User) -> None:
    make_round(project, 1)
    with pytest.raises(Refused, match="bad_reason"):
        seats.skip(token=take(project, annotator).token, annotator=annotator, reason="bored")


def test_what_was_skipped_cannot_be_answered_and_the_other_way_round(
    project: Project, annotator: User
) -> None:
    make_round(project, 2)
    skipped, answered = take(project, annotator), None
    seats.skip(token=skipped.token, annotator=annotator, reason=SkipReason.OTHER)
    answered = take(project, annotator)
    answer(answered)
    with pytest.raises(Conflict, match="already_skipped"):
        answer(skipped)
    with pytest.raises(Conflict, match="already_submitted"):
        seats.skip(token=answered.token, annotator=annotator, reason=SkipReason.OTHER)


def test_a_draft_of_an_answered_item_is_refused(project: Project, annotator: User) -> None:
    make_round(project, 1)
    hold = take(project, annotator)
    answer(hold, TIE)
    with pytest.raises(Conflict, match="already_done"):
        seats.save_draft(token=hold.token, annotator=annotator, draft={})
