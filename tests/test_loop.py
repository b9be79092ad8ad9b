"""One whole turn of the loop: real pages' services, real Celery, real gradient steps, on the tiny world.

Everything below is what a researcher would see at the end. The demo is this with more labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.training.workplace import Workplace

SMALL = """
from training import embedded
from training.demo.driver import Demo
from training.demo.plan import Plan
from training.loopplan import LoopPlan
from training.models import Checkpoint
from annotation.models import Round, Completion, Qualification

loop = LoopPlan(rankings=48, pool_compare=4, pool_score=3, pool_rank=2, check_rate=0.2)
plan = Plan(rounds=1, held_out=24, calibration_pairs=20, calibration_rankings=10, calibration_scores=18,
            loop=loop, settings={"ppo": {"steps": 2, "prompts_per_step": 16, "minibatch": 16}})
demo = Demo(plan, on_round=lambda row: None)
demo.prepare()
engine = embedded.start()
summary = demo.run()
engine.stop()
next_round = Round.objects.get(purpose="label", number=2)
answers = Completion.objects.filter(items__round=next_round)
say({
    "summary": summary,
    "states": {q.annotator.display_name: q.state for q in Qualification.objects.select_related("annotator")},
    "runs": [[run.kind, run.state] for run in Run.objects.order_by("pk")],
    "checkpoints": sorted(Checkpoint.objects.values_list("role", flat=True)),
    "digests": [one.sha256 for one in PreferenceSet.objects.all()],
    "next_state": next_round.state,
    "next_kinds": sorted(set(next_round.items.values_list("kind", flat=True))),
    "next_sources": sorted(set(answers.values_list("source", flat=True))),
})
"""


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    place = Workplace(tmp_path_factory.mktemp("loop"))
    place.migrate()
    place.env["LEASE_SECONDS"] = "60"
    yield place.script(SMALL)
    place.close()


pytestmark = [pytest.mark.torch, pytest.mark.xdist_group("loop")]


def test_every_run_of_the_cycle_succeeds(turned: dict[str, Any]) -> None:
    kinds = ["sample", "reward", "dpo", "ppo", "evaluate", "evaluate", "sample"]
    assert turned["runs"] == [[kind, "succeeded"] for kind in kinds]


def test_the_test_lets_in_who_judges_like_the_researchers(turned: dict[str, Any]) -> None:
    states = turned["states"]
    careful = [state for name, state in states.items() if name.startswith("careful")]
    hopeless = [state for name, state in states.items() if name.startswith(("random", "lazy", "adversarial"))]
    assert careful.count("passed") >= 5
    assert set(hopeless) == {"failed"}


def test_everything_drafted_was_labelled(turned: dict[str, Any]) -> None:
    row = turned["summary"]["rounds"][0]
    assert row["labels"] >= 48 + 3 * 8
    assert row["alpha"] > 0.3


def test_the_labels_were_frozen_with_a_digest(turned: dict[str, Any]) -> None:
    assert [len(digest) for digest in turned["digests"]] == [64]


def test_reward_model_and_policies_are_published(turned: dict[str, Any]) -> None:
    assert turned["checkpoints"] == ["policy", "policy", "policy", "reward"]


def test_the_reward_model_learnt_what_people_like(turned: dict[str, Any]) -> None:
    assert turned["summary"]["rounds"][0]["reward_accuracy"] > 0.65


def test_the_policy_got_better(turned: dict[str, Any]) -> None:
    assert turned["summary"]["rounds"][0]["policies"]["dpo"]["win_over_base"] > 0.52


def test_the_next_round_is_there_with_the_answers_of_all_policies(turned: dict[str, Any]) -> None:
    assert turned["next_state"] == "open"
    assert turned["next_kinds"] == ["compare", "rank", "score"]
    assert len(turned["next_sources"]) == 3
