"""Which rows go together, and when: it follows from lengths and a seed, so a resumed run sees the same."""

from __future__ import annotations

from collections.abc import Sequence

import torch

ROW_TOKENS = 8192  # padded tokens of one forward without gradients: logits of a large vocabulary must fit


def by_length(lengths: Sequence[int], rows: int, tokens: int = ROW_TOKENS) -> list[list[int]]:
    """Indexes in batches of similar length, longest first: at most `rows` and `tokens` padded tokens."""
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda index: (-lengths[index], index)):
        last = batches[-1] if batches else None
        if last is None or len(last) == rows or (len(last) + 1) * lengths[last[0]] > tokens:
            batches.append([index])
        else:
            last.append(index)
    return batches


def schedule(lengths: Sequence[int], batch: int, passes: int, seed: int) -> list[list[int]]:
    """The indexes of every step of a training: each pass holds every index once, in its own random order.

    Thirty-two batches' worth of a shuffled pass are sorted by length before they are cut, then the batches
    are shuffled again: short rows meet short ones, which saves padding, and no order is left.
    """
    steps: list[list[int]] = []
    for number in range(passes):
        source = torch.Generator().manual_seed(seed * 1_000_003 + number)
        order = torch.randperm(len(lengths), generator=source).tolist()
        pools = _cut(order, 32 * batch)
        cut = [
            piece for pool in pools for piece in _cut(sorted(pool, key=lambda index: lengths[index]), batch)
        ]
        steps += [cut[place] for place in torch.randperm(len(cut), generator=source).tolist()]
    return steps


def _cut(indexes: list[int], size: int) -> list[list[int]]:
    return [indexes[start : start + size] for start in range(0, len(indexes), size)]
