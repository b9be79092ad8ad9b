"""How often one policy beats another under the oracle."""

from collections.abc import Sequence

import numpy as np

EQUAL = 1e-9


def win_rate(new: Sequence[Sequence[float]], old: Sequence[Sequence[float]]) -> float:
    """P(new > old) + P(tie) / 2 over all cross pairs of the scores of each prompt.

    `new` and `old` hold the oracle points of the answers, one inner sequence per prompt; prompts count alike.
    Raises ValueError when the numbers of prompts differ or a prompt has no answers.
    """
    if len(new) != len(old) or not new:
        raise ValueError(f"scores for {len(new)} and for {len(old)} prompts cannot be compared")
    rates = [_one_prompt(np.asarray(n, float), np.asarray(o, float)) for n, o in zip(new, old, strict=True)]
    return float(np.mean(rates))


def _one_prompt(new: np.ndarray, old: np.ndarray) -> float:
    if not new.size or not old.size:
        raise ValueError(f"a prompt has {new.size} new and {old.size} old answers; both sides need one")
    gaps = new[:, None] - old[None, :]
    return float((gaps > EQUAL).mean() + (np.abs(gaps) <= EQUAL).mean() / 2)
