"""The README's numbers are those that were recorded."""

from __future__ import annotations

from pathlib import Path

from benchmarks.tiny_world import MODES, numbers, of
from training.tinyworld.recorded import recorded

ROOT = Path(__file__).parent.parent.parent


def test_the_readme_says_what_was_recorded() -> None:
    assert numbers(recorded()["demos"]) in (ROOT / "README.md").read_text()


def test_three_seeds_of_every_mode_were_recorded() -> None:
    demos = recorded()["demos"]
    assert {mode: [one["seed"] for one in of(demos, mode)] for mode in MODES} == {
        mode: [1, 2, 3] for mode in MODES
    }


def test_the_default_seed_holds_the_product_s_first_claims() -> None:
    ends = {mode: of(recorded()["demos"], mode)[0]["rounds"][-1] for mode in MODES}
    wins = {mode: row["policies"]["dpo"]["win_over_base"] for mode, row in ends.items()}
    gain = wins["screened"] - wins["unscreened"]
    assert ends["screened"]["reward_accuracy"] > 0.82
    assert ends["screened"]["reward_accuracy_clear"] > 0.87
    assert wins["screened"] > 0.72
    assert ends["screened"]["policies"]["ppo"]["win_over_base"] > 0.65
    assert gain >= 0.15
    assert (wins["weighted"] - wins["unscreened"]) / gain >= 0.7
