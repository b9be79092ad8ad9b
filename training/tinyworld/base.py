"""Build the base policy of the tiny world: python -m training.tinyworld.base --out FOLDER [--seed 0].

One pass over 60,000 samples, about 205 CPU seconds on one thread, about 2 MB of fp16 safetensors.
"""

import argparse
import json
import math
import random
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from training.savepoints import sha256
from training.tinyworld import shipped
from training.tinyworld.corpus import corpus
from training.tinyworld.measure import measure
from training.tinyworld.tokenizer import ASSISTANT, END, PAD, USER, train_tokenizer

SAMPLES = 60_000
TOKENIZER_SAMPLES = 8_000
BATCH = 24
WARM_UP = 100
LEARNING_RATE = 4e-3
PROMPT_WEIGHT = 0.3
BUCKET = 50  # batches sorted by length together, so that little is padded

Pair = tuple[list[int], list[int]]


def build(out: Path, seed: int, samples: int = SAMPLES, threads: int = 1) -> None:
    """Write the base into `out`: weights, config, tokenizer, manifest with digests and measured quality."""
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    texts = [(s.prompt.text, s.answer) for s in corpus(seed, samples)]
    tokenizer = train_tokenizer(f"{p}\n{a}" for p, a in texts[:TOKENIZER_SAMPLES])
    model = new_model(tokenizer)
    loss = pretrain(model, encode(tokenizer, texts), seed)
    out.mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(out)
    tokenizer.save_pretrained(out)
    quality = measure(model.float().eval(), tokenizer, seed)
    files = {f.name: sha256(f) for f in sorted(out.iterdir()) if f.name != shipped.MANIFEST}
    options = f"--seed {seed} --samples {samples} --threads {threads}"
    facts = {
        "command": f"python -m training.tinyworld.base --out FOLDER {options}",
        "torch": torch.__version__,
        "final_loss": round(loss, 4),
    }
    text = json.dumps({**facts, "oracle": quality, "files": files}, indent=2)
    (out / shipped.MANIFEST).write_text(text + "\n", encoding="utf-8")
    (out / "model.safetensors").chmod(0o644)
    shipped.verify(out)


def new_model(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """A Llama of 1.02 million parameters with fresh weights."""
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=384,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.convert_tokens_to_ids(PAD),
        bos_token_id=None,
        eos_token_id=tokenizer.convert_tokens_to_ids(END),
    )
    return LlamaForCausalLM(config)


def encode(tokenizer: PreTrainedTokenizerFast, texts: list[tuple[str, str]]) -> list[Pair]:
    """Token ids of prompt and answer, marks included, as the chat template lays them out."""
    prompts = tokenizer([USER + p + ASSISTANT for p, _ in texts])["input_ids"]
    answers = tokenizer([a + END for _, a in texts])["input_ids"]
    return list(zip(prompts, answers, strict=True))


def pretrain(model: LlamaForCausalLM, pairs: list[Pair], seed: int) -> float:
    """One pass with AdamW, warm-up and cosine to 5 %.

    Gives the mean answer loss (nats a token) of the last 50 steps.
    """
    steps = math.ceil(len(pairs) / BATCH)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.95), weight_decay=0.01, fused=True
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, steps))
    losses: list[float] = []
    model.train()
    for ids, weights in tqdm(_batches(pairs, seed), total=steps, desc="pretraining", mininterval=2):
        logits = model(input_ids=ids, use_cache=False).logits[:, :-1]
        each = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
        weights = weights[:, 1:].flatten()
        torch.autograd.backward(each @ weights / weights.sum())
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(float(each.detach()[weights == 1].mean()))
    return sum(losses[-50:]) / len(losses[-50:])


def _rate(step: int, steps: int) -> float:
    if step < WARM_UP:
        return (step + 1) / WARM_UP
    done = (step - WARM_UP) / max(1, steps - WARM_UP)
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done))


def _batches(pairs: list[Pair], seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches of like length in random order: ids (batch, length) and loss weights of the same shape."""
    rng = random.Random(seed)
    order = list(range(len(pairs)))
    rng.shuffle(order)
    size = BATCH * BUCKET
    for start in range(0, len(order), size):
        chunk = sorted(order[start : start + size], key=lambda i: len(pairs[i][0]) + len(pairs[i][1]))
        batches = [chunk[i : i + BATCH] for i in range(0, len(chunk), BATCH)]
        rng.shuffle(batches)
        yield from (_collate([pairs[i] for i in batch]) for batch in batches)


def _collate(batch: list[Pair]) -> tuple[Tensor, Tensor]:
    """Padded on the right, which a causal model never sees from the left; PAD has id 0 and weight 0."""
    length = max(len(p) + len(a) for p, a in batch)
    ids = torch.zeros(len(batch), length, dtype=torch.long)
    weights = torch.zeros(len(batch), length)
    for row, (prompt, answer) in enumerate(batch):
        ids[row, : len(prompt) + len(answer)] = torch.tensor(prompt + answer)
        weights[row, : len(prompt)] = PROMPT_WEIGHT
        weights[row, len(prompt) : len(prompt) + len(answer)] = 1.0
    return ids, weights


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the base policy of the tiny world.")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    build(args.out, args.seed, args.samples, args.threads)


if __name__ == "__main__":
    main()
