"""Undo: the last answer is taken up again, and nothing is edited."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.errors import Refused
from annotation.labels import Kind
from annotation.models import Annotation, Hold, HoldState, Project, Seat, SeatState, SkipReason, User
from annotation.services import rounds, seats
from tests.annotation.deskhands import answer, run_out, take
from tests.factories import FIRST, SECOND, make_round


def undo(project: Project, annotator: User) -> Hold:
    return seats.undo(project=project, annotator=annotator)


def test_undo_opens_the_last_answer_with_what_was_said(project: Project, annotator: User) -> None:
    make_round(project, 2, kind=Kind.RANK, k=4)
    hold = take(project, annotator)
    told = {"tiers": [[2], [0, 3], [1]]}
    old = seats.submit(token=hold.token, annotator=annotator, label=told).annotation
    again = undo(project, annotator)
    assert (again.revises, again.draft, again.order) == (old, told, hold.order)
    assert take(project, annotator) == again


def test_the_new_answer_replaces_the_old_one(project: Project, annotator: User) -> None:
    make_round(project, 1)
    old = answer(take(project, annotator), FIRST)
    new = answer(undo(project, annotator), SECOND)
    assert (new.replaces, new.surplus) == (old, False)
    assert Annotation.objects.counted().get() == new
    assert Annotation.objects.count() == 2
    assert Seat.objects.get().state == SeatState.DONE


def test_the_old_answer_stands_until_then(project: Project, annotator: User) -> None:
    make_round(project, 1)
    old = answer(take(project, annotator))
    undo(project, annotator)
    assert Annotation.objects.counted().get() == old


def test_what_was_in_hand_goes_back_and_returns_with_its_draft(
    project: Project, annotator: User, other_annotator: User
) -> None:
    make_round(project, 5)
    answer(take(project, annotator))
    current = take(project, annotator)
    seats.save_draft(token=current.token, annotator=annotator, draft={"comment": "begun"})
    again = undo(project, annotator)
    current.refresh_from_db()
    assert current.state == HoldState.RELEASED
    answer(again)
    back = take(project, annotator)
    assert (back.seat_id, back.draft, back.order) == (current.seat_id, {"comment": "begun"}, current.order)


def test_what_went_back_may_be_taken_by_another(
    project: Project, annotator: User, other_annotator: User
) -> None:
    make_round(project, 2)
    answer(take(project, annotator))
    current = take(project, annotator)
    again = undo(project, annotator)
    assert take(project, other_annotator).seat_id == current.seat_id
    answer(again)
    assert seats.next_hold(project=project, annotator=annotator) is None


def test_an_answer_on_what_went_back_is_kept(project: Project, annotator: User) -> None:
    make_round(project, 2)
    answer(take(project, annotator))
    current = take(project, annotator)
    undo(project, annotator)
    assert not answer(current).surplus


def test_undo_again_goes_one_answer_further_back(project: Project, annotator: User) -> None:
    make_round(project, 3)
    answers = [answer(take(project, annotator)) for _ in range(3)]
    revised = [undo(project, annotator).revises for _ in range(3)]
    assert revised == answers[::-1]
    with pytest.raises(Refused, match="nothing_to_undo"):
        undo(project, annotator)


def test_an_answer_can_be_taken_back_more_than_once(project: Project, annotator: User) -> None:
    make_round(project, 1)
    answer(take(project, annotator))
    newer = answer(undo(project, annotator), SECOND)
    assert undo(project, annotator).revises == newer


def test_there_is_nothing_to_undo_at_the_beginning(project: Project, annotator: User) -> None:
    make_round(project, 1)
    take(project, annotator)
    with pytest.raises(Refused, match="nothing_to_undo"):
        undo(project, annotator)


def test_undo_has_its_time(project: Project, annotator: User) -> None:
    make_round(project, 1)
    answer(take(project, annotator))
    Annotation.objects.update(created_at=timezone.now() - timedelta(seconds=project.undo_seconds + 1))
    with pytest.raises(Refused, match="nothing_to_undo"):
        undo(project, annotator)


def test_an_answer_of_a_closed_round_stands(project: Project, annotator: User) -> None:
    opened = make_round(project, 1)
    answer(take(project, annotator))
    rounds.close_round(round_id=opened.pk)
    with pytest.raises(Refused, match="nothing_to_undo"):
        undo(project, annotator)


def test_nobody_takes_over_a_revision(project: Project, annotator: User, other_annotator: User) -> None:
    make_round(project, 1)
    answer(take(project, annotator))
    run_out(undo(project, annotator))
    assert seats.next_hold(project=project, annotator=other_annotator) is None


def test_a_revision_that_runs_out_leaves_the_old_answer(project: Project, annotator: User) -> None:
    make_round(project, 1)
    old = answer(take(project, annotator))
    again = undo(project, annotator)
    run_out(again)
    assert seats.expire_overdue() == 1
    assert Seat.objects.get().state == SeatState.DONE
    assert answer(again, SECOND).replaces == old


def test_of_two_revisions_the_later_to_come_in_is_surplus(project: Project, annotator: User) -> None:
    make_round(project, 1)
    answer(take(project, annotator))
    first = undo(project, annotator)
    run_out(first)
    seats.expire_overdue()
    second = undo(project, annotator)
    answer(first, SECOND)
    assert answer(second).surplus
    assert Annotation.objects.counted().count() == 1


def test_skipping_a_revision_leaves_the_old_answer(project: Project, annotator: User) -> None:
    make_round(project, 1)
    old = answer(take(project, annotator))
    again = undo(project, annotator)
    seats.skip(token=again.token, annotator=annotator, reason=SkipReason.OTHER)
    assert Seat.objects.get().state == SeatState.DONE
    assert Annotation.objects.counted().get() == old
