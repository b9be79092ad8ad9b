"""A small untrained language model for the texts at hand, for where nothing can be downloaded.

`python -m training.recipes.fresh TEXTS.jsonl OUT` trains a byte-level BPE tokenizer on the prompts and
completions of a preferences file and writes it to OUT beside a fresh Llama with a chat template.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from training.recipes.state import publish, save_policy
from training.rundir import read_jsonl

PAD, END, ROLES = "<|pad|>", "<|end|>", ("<|system|>", "<|user|>", "<|assistant|>")

# The answer's tokens stand inside the generation marks, its end token too: it must be learnt.
CHAT_TEMPLATE = (
    "{% for message in messages %}{% if message['role'] == 'assistant' %}"
    "<|assistant|>{% generation %}{{ message['content'] }}<|end|>{% endgeneration %}"
    "{% else %}<|{{ message['role'] }}|>{{ message['content'] }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.recipes.fresh", description=__doc__)
    parser.add_argument("texts", type=Path, help="a preferences.jsonl")
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--vocabulary", type=int, default=4096)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--positions", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    shape = {name: getattr(given, name) for name in ("vocabulary", "hidden", "layers", "positions", "seed")}
    write_fresh_policy(given.out, read_texts(given.texts), **shape)


def write_fresh_policy(
    out: Path,
    texts: Iterable[str],
    *,
    vocabulary: int,
    hidden: int,
    layers: int,
    positions: int,
    seed: int = 0,
) -> None:
    """Train a tokenizer on `texts` and write it to `out` with an untrained Llama of the given shape."""
    tokenizer = train_tokenizer(texts, vocabulary)
    torch.manual_seed(seed)
    model = LlamaForCausalLM(_shape(tokenizer, hidden, layers, positions))
    publish(out, lambda place: save_policy(place, model, tokenizer))


def read_texts(path: Path) -> Iterator[str]:
    """Every message and completion of a preferences file."""
    for row in read_jsonl(path):
        yield from (message["content"] for message in row["prompt"])
        yield from (completion["text"] for completion in row["completions"])


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Any:
    """A byte-level BPE of at most `vocabulary` tokens: it can write any text, in any language."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=[PAD, END, *ROLES], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    bpe.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe, pad_token=PAD, eos_token=END, additional_special_tokens=list(ROLES)
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def _shape(tokenizer: Any, hidden: int, layers: int, positions: int) -> LlamaConfig:
    heads = max(1, hidden // 32)
    return LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=hidden, intermediate_size=3 * hidden, num_hidden_layers=layers,
        num_attention_heads=heads, num_key_value_heads=heads, max_position_embeddings=positions,
        tie_word_embeddings=True, pad_token_id=tokenizer.pad_token_id, eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
    )  # fmt: skip


if __name__ == "__main__":
    main()
