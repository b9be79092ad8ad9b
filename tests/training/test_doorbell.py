"""Over Redis: messages only ring, and may be lost."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import Any

import pytest

from tests.training.test_kill import SUM, begun, ended, started
from tests.training.workplace import Workplace, wait_until_dead
from training.models import RunState

SWEEP = "from training import tasks; tasks.sweep()"
NOBODY = "redis://127.0.0.1:1/0"  # nothing listens there


def start_celery(place: Workplace, pool: str = "threads") -> subprocess.Popen[bytes]:
    """A training worker as in production."""
    words = ["-A", "config", "worker", "-Q", "training", "-P", pool, "-c", "1"]
    return place.start([sys.executable, "-m", "celery", *words, "--without-gossip", "--without-mingle"])


@pytest.mark.redis
def test_a_run_is_rung_for_and_carried_out(workplace: Workplace, redis_url: str) -> None:
    workplace.env["REDIS_URL"] = redis_url
    pk = started(workplace, SWEEP, steps=3)
    start_celery(workplace)
    row = workplace.wait_for(pk, ended)
    assert (row["state"], row["epoch"]) == (RunState.SUCCEEDED, 1)


@pytest.mark.redis
def test_a_worker_told_to_go_saves_and_gives_its_run_back(workplace: Workplace, redis_url: str) -> None:
    workplace.env["REDIS_URL"] = redis_url
    pk = started(workplace, SWEEP)
    worker = start_celery(workplace)
    workplace.wait_for(pk, begun)
    worker.send_signal(signal.SIGTERM)
    row = workplace.wait_for(pk, lambda row: bool(row["state"] != RunState.RUNNING))
    assert (row["state"], row["attempts"]) == (RunState.QUEUED, 0)
    wait_until_dead(workplace.group(pk))
    assert worker.wait(20) == 0


@pytest.mark.redis
def test_after_kill_9_of_a_pool_process_the_run_goes_on(workplace: Workplace, redis_url: str) -> None:
    workplace.env["REDIS_URL"] = redis_url
    pk = started(workplace, SWEEP)
    worker = start_celery(workplace, "prefork")
    row = workplace.wait_for(pk, begun)
    group = workplace.group(pk)
    pool = int(row["owner"].rpartition(":")[2])
    assert pool != worker.pid
    subprocess.run(["kill", "-9", str(pool)], check=True)
    wait_until_dead(group)
    workplace.wait_for(pk, lambda row: swept(workplace, row))
    row = workplace.wait_for(pk, ended)
    assert (row["state"], row["epoch"], row["result"]["sum"]) == (RunState.SUCCEEDED, 2, SUM)


def swept(place: Workplace, row: dict[str, Any]) -> bool:
    """Sweep as the beat would, until the run was taken up again."""
    place.manage("sweep").check_returncode()
    return bool(row["epoch"] == 2)


def test_a_broker_that_is_away_keeps_nobody_waiting_and_loses_nothing(workplace: Workplace) -> None:
    workplace.env["REDIS_URL"] = NOBODY
    pk = started(workplace, f"from training import tasks; tasks.ring(run.pk); {SWEEP}")
    row = workplace.run(pk)
    assert (row["state"], row["sent_at"]) == (RunState.QUEUED, None)
