from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from annotation.models import Project
from tests.training.factories import claimed, echo, fresh, let_lease_run_out, succeed
from training.models import Run, RunState
from training.services import leases, runs
from training.services.leases import Lost

pytestmark = pytest.mark.django_db


def test_a_claim_starts_a_new_epoch_under_a_lease(project: Project) -> None:
    run = claimed(echo(project), owner="host:1")
    assert (run.state, run.epoch, run.attempts, run.owner) == (RunState.RUNNING, 1, 1, "host:1")
    assert run.lease_until is not None
    left = run.lease_until - timezone.now()
    assert timedelta(0) < left <= timedelta(seconds=settings.LEASE_SECONDS)


def test_what_is_not_queued_cannot_be_claimed(project: Project) -> None:
    run = claimed(echo(project))
    assert leases.claim(run_id=run.pk, owner="other") is None
    assert leases.claim(run_id=echo(project, parents=[run]).pk, owner="other") is None
    assert fresh(run).epoch == 1


def test_a_heartbeat_renews_the_lease(project: Project) -> None:
    run = claimed(echo(project))
    let_lease_run_out(run)
    leases.heartbeat(run)
    assert fresh(run).lease_until > timezone.now()  # type: ignore[operator]


def test_a_worker_that_overslept_its_lease_changes_nothing(project: Project) -> None:
    late = claimed(echo(project))
    let_lease_run_out(late)
    leases.sweep()
    new = claimed(late, owner="new")
    before = Run.objects.values().get(pk=late.pk)
    for attempt in (
        lambda: leases.heartbeat(late),
        lambda: leases.orders(late),
        lambda: leases.record(late, [{"event": "metrics", "step": 9, "values": {"loss": 1.0}}], 10),
        lambda: leases.put_back(late, orderly=True),
        lambda: leases.fail(late, code="x", text="x"),
    ):
        with pytest.raises(Lost):
            attempt()
    assert Run.objects.values().get(pk=late.pk) == before
    assert not late.metrics.exists()
    assert new.epoch == 2


def test_recorded_events_become_metrics_progress_and_notes(project: Project) -> None:
    run = claimed(echo(project))
    events: list[dict[str, Any]] = [
        {"event": "begin", "total_steps": 8, "step": 0},
        {"event": "metrics", "step": 1, "values": {"loss": 0.5, "reward": None}},
        {"event": "savepoint", "step": 1, "manifest_sha256": "0"},
        {"event": "note", "text": "a NUL \x00 in a note"},
    ]
    leases.record(run, events, 400)
    row = fresh(run)
    assert (row.step, row.total_steps, row.events_read) == (1, 8, 400)
    assert dict(run.metrics.values_list("name", "value")) == {"loss": 0.5, "reward": None}
    told = list(run.events.order_by("pk").values_list("text", flat=True))
    assert told[-2:] == ["a NUL  in a note", "savepoint at step 1"]


def test_a_repeated_step_replaces_its_metrics(project: Project) -> None:
    run = claimed(echo(project))
    for loss in (0.5, 0.25):
        leases.record(run, [{"event": "metrics", "step": 1, "values": {"loss": loss}}], 10)
    assert math.isclose(run.metrics.get().value or 0, 0.25)


def test_an_orderly_stop_charges_no_attempt(project: Project) -> None:
    run = claimed(echo(project))
    assert leases.put_back(run, orderly=True) == RunState.QUEUED
    row = fresh(run)
    assert (row.attempts, row.epoch, row.lease_until, row.owner) == (0, 1, None, "")


def test_a_lost_worker_costs_an_attempt(project: Project) -> None:
    run = claimed(echo(project))
    let_lease_run_out(run)
    leases.sweep()
    assert (fresh(run).state, fresh(run).attempts) == (RunState.QUEUED, 1)


def test_the_last_attempt_fails_the_run_and_cancels_what_waits(project: Project) -> None:
    run = echo(project)
    follower = echo(project, parents=[run])
    Run.objects.filter(pk=run.pk).update(max_attempts=1)
    let_lease_run_out(claimed(run))
    leases.sweep()
    assert (fresh(run).state, fresh(run).failure_code) == (RunState.FAILED, "lost_worker")
    assert fresh(follower).state == RunState.CANCELLED


def test_a_run_whose_lease_holds_is_left_alone(project: Project) -> None:
    run = claimed(echo(project))
    assert leases.sweep() == []
    assert fresh(run).state == RunState.RUNNING


def test_a_cancelled_run_whose_worker_is_lost_is_cancelled_by_the_sweep(project: Project) -> None:
    run = claimed(echo(project))
    runs.cancel(run_id=run.pk)
    let_lease_run_out(run)
    leases.sweep()
    assert fresh(run).state == RunState.CANCELLED


def test_the_sweep_rings_oldest_first_for_what_nobody_rang(project: Project) -> None:
    first, second = echo(project), echo(project)
    assert leases.sweep() == [first.pk, second.pk]
    leases.rung([first.pk])
    assert leases.sweep() == [second.pk]


def test_the_sweep_rings_again_when_nobody_came(project: Project) -> None:
    run = echo(project)
    Run.objects.filter(pk=run.pk).update(sent_at=timezone.now() - 2 * leases.RING_AGAIN)
    assert leases.sweep() == [run.pk]


def test_rings_are_forgotten_with_the_broker(project: Project) -> None:
    run = echo(project)
    leases.rung([run.pk])
    leases.forget_rings()
    assert leases.sweep() == [run.pk]


def test_an_interrupted_run_keeps_its_place_in_the_queue(project: Project) -> None:
    first, second = echo(project), echo(project)
    leases.put_back(claimed(first), orderly=True)
    assert leases.sweep() == [first.pk, second.pk]


def test_cancelling_at_the_last_moment_wins_over_success(project: Project) -> None:
    from training.services.finishing import finish

    run = claimed(echo(project))
    runs.cancel(run_id=run.pk)
    with pytest.raises(Lost):
        finish(run, {"sum": 6}, lambda: None)
    assert leases.put_back(run, orderly=True) == RunState.CANCELLED


def test_a_failure_after_cancelling_was_asked_for_is_a_cancelled_run(project: Project) -> None:
    run = claimed(echo(project))
    runs.cancel(run_id=run.pk)
    leases.fail(run, code="EchoFailure", text="too late")
    assert (fresh(run).state, fresh(run).failure_code) == (RunState.CANCELLED, "")


def test_a_run_succeeds_once(project: Project) -> None:
    run = echo(project)
    succeed(run)
    row = fresh(run)
    assert (row.state, row.lease_until, row.ended_at is not None) == (RunState.SUCCEEDED, None, True)
    assert leases.claim(run_id=run.pk, owner="again") is None
