"""Run the demo in its three modes on several seeds, and write down what came of it.

`python -m benchmarks.tiny_world [--seeds 1 2 3]` runs `manage.py demo` headless for every seed and mode, each
in a fresh folder, keeps the summaries in training/tinyworld/recorded.json (the overview page draws them) and
writes the numbers into README.md. `--summaries FILE...` takes finished demos instead.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from training.rundir import write_json
from training.tinyworld.recorded import FILE

ROOT = Path(__file__).resolve().parent.parent
MODES = {"screened": "", "unscreened": "1", "weighted": "weighted"}
MARKS = ("<!-- numbers: benchmarks/tiny_world.py writes this part -->", "<!-- end of numbers -->")

Summary = Mapping[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--summaries", type=Path, nargs="+", help="summary.json of finished demos")
    parser.add_argument("--curves", type=Path, help="what benchmarks.overoptimisation --out wrote")
    arguments = parser.parse_args()
    if arguments.summaries:
        demos = [json.loads(path.read_text()) for path in arguments.summaries]
    else:
        demos = [demo(seed, mode) for seed in arguments.seeds for mode in MODES]
    curves = arguments.curves.read_text() if arguments.curves else None
    old = json.loads(FILE.read_text()) if FILE.exists() else {}
    write_json(
        FILE, {"demos": demos, "overoptimisation": json.loads(curves) if curves else old["overoptimisation"]}
    )
    words = numbers(demos)
    write_readme(words)
    print(words)


def demo(seed: int, mode: str) -> Summary:
    """One headless demo in a folder of its own."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "demo"
        env = os.environ | {"RONDO_DATA": str(folder), "RONDO_ARTEFACTS": str(folder / "artefacts")}
        command = [sys.executable, "manage.py", "demo", "--serve", "0", "--seed", str(seed)]
        subprocess.run([*command, "--unscreened", MODES[mode]], cwd=ROOT, env=env, check=True)
        summary: Summary = json.loads((folder / "summary.json").read_text())
        return summary


def numbers(demos: Sequence[Summary]) -> str:
    """The README's tables: the default seed round by round, then all seeds at the end of the last round."""
    return "\n".join([*_rounds(of(demos, "screened")[0]), "", *_claims(demos)])


def of(demos: Sequence[Summary], mode: str) -> list[Summary]:
    return sorted((one for one in demos if one["mode"] == mode), key=lambda one: int(one["seed"]))


def _rounds(first: Summary) -> list[str]:
    lines = [
        f"`make demo`, seed {first['seed']}. The oracle is hidden: no one in the product sees its scores. "
        "Answers are sampled, labelled and compared at temperature 1; DPO and PPO of a round start from the "
        "DPO policy of the round before.",
        "",
        "| round | labels | passed, refused | alpha | reward model right: all pairs, clear pairs "
        "| DPO over base, round before | PPO over base, round before | oracle: DPO, PPO | minutes |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in first["rounds"]:
        dpo, ppo = row["policies"]["dpo"], row["policies"]["ppo"]
        lines.append(
            f"| {row['round']} | {row['labels']} | {row['passed']}, {row['refused']} | {row['alpha']:.2f} | "
            f"{row['reward_accuracy']:.3f}, {row['reward_accuracy_clear']:.3f} | "
            f"{_wins(dpo)} | {_wins(ppo)} | "
            f"{dpo['oracle_score']:.2f}, {ppo['oracle_score']:.2f} | {row['wall_seconds'] / 60:.1f} |"
        )
    return lines


def _claims(demos: Sequence[Summary]) -> list[str]:
    found = {mode: of(demos, mode) for mode in MODES}
    lines = [
        "What screening and weighting buy: the same number of labels, DPO's win rate over base at the end. "
        "*Everybody* lets in five careless of eight; *weighted* is the same crowd, its labels weighed by "
        "reliability.",
        "",
        "| seed | screened | everybody | weighted | screening gains | of which weighting recovers |",
        "|---|---|---|---|---|---|",
    ]
    triples = zip(found["screened"], found["unscreened"], found["weighted"], strict=True)
    rows = [(one["seed"], *(_last(each) for each in (one, two, three))) for one, two, three in triples]
    lines += [_claim(f"{seed}", *values) for seed, *values in rows]
    if len(rows) > 1:
        lines.append(_claim("mean", *(mean(row[place] for row in rows) for place in (1, 2, 3))))
    return lines


def _claim(name: str, screened: float, everybody: float, weighted: float) -> str:
    gain = screened - everybody
    return (
        f"| {name} | {screened:.3f} | {everybody:.3f} | {weighted:.3f} | {gain:+.3f} | "
        f"{(weighted - everybody) / gain:.2f} |"
    )


def _last(summary: Summary) -> float:
    return float(summary["rounds"][-1]["policies"]["dpo"]["win_over_base"])


def _wins(policy: Mapping[str, float | None]) -> str:
    previous = policy["win_over_previous"]
    return f"{policy['win_over_base']:.3f}, " + ("–" if previous is None else f"{previous:.3f}")


def write_readme(words: str) -> None:
    path = ROOT / "README.md"
    text = path.read_text()
    start, end = text.index(MARKS[0]) + len(MARKS[0]), text.index(MARKS[1])
    path.write_text(f"{text[:start]}\n\n{words}\n\n{text[end:]}")


if __name__ == "__main__":
    main()
