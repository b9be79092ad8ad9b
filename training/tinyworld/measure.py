"""How good a policy of the tiny world is: sampled answers on held-out prompts, judged by the oracle."""

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from training.tinyworld.oracle import score
from training.tinyworld.tokenizer import ASSISTANT, USER
from training.tinyworld.world import Prompt, prompts

MEASURED_SEED = 1000  # the held-out prompts are the same whatever the seed of the base
NEW_TOKENS = 56


def measure(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, seed: int, n: int = 200
) -> dict[str, float]:
    """Oracle points (0 to 10) on `n` held-out prompts: 4 samples each at temperature 1, and greedy."""
    held_out = prompts(MEASURED_SEED, n, held_out=True)
    torch.manual_seed(seed)
    sampled = oracle_scores(held_out, sample(model, tokenizer, held_out, answers=4))
    greedy = oracle_scores(held_out, sample(model, tokenizer, held_out, answers=1, greedy=True))
    found = {
        "mean": sampled.mean(),
        "sd": sampled.std(),
        "sd_within_prompt": np.sqrt(sampled.var(axis=1).mean()),
        "perfect": (sampled > 9.999).mean(),
        "greedy_mean": greedy.mean(),
    }
    return {name: round(float(value), 3) for name, value in found.items()}


def oracle_scores(asked: list[Prompt], answers: list[list[str]]) -> np.ndarray:
    """Oracle points, shape (prompts, answers per prompt)."""
    return np.array([[score(p.text, a) for a in given] for p, given in zip(asked, answers, strict=True)])


@torch.no_grad()
def sample(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    asked: list[Prompt],
    *,
    answers: int,
    greedy: bool = False,
    batch: int = 50,
) -> list[list[str]]:
    """`answers` texts per prompt, temperature 1 or greedy, at most 56 new tokens; the global seed decides."""
    order = sorted(range(len(asked)), key=lambda i: len(asked[i].text))
    found: dict[int, list[str]] = {}
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        texts = [USER + asked[i].text + ASSISTANT for i in rows]
        inputs = tokenizer(
            texts, return_tensors="pt", padding=True, padding_side="left", return_token_type_ids=False
        )
        how = {"do_sample": not greedy} | ({} if greedy else {"temperature": 1.0, "top_k": 0})
        out = model.generate(**inputs, **how, num_return_sequences=answers, max_new_tokens=NEW_TOKENS)
        told = tokenizer.batch_decode(out[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        for j, i in enumerate(rows):
            found[i] = told[j * answers : (j + 1) * answers]
    return [found[i] for i in range(len(asked))]
