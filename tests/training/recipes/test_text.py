from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from transformers import Gemma2Config, Gemma2ForCausalLM

from training.recipes.text import (
    Encoded,
    answer_logprobs,
    collate,
    encode,
    encode_prompt,
    load_policy,
    load_tokenizer,
    pad_id,
)

pytestmark = pytest.mark.torch

ASK = [{"role": "user", "content": "What is the capital of Kenya?"}]


def test_it_encodes_an_answer_as_the_chat_template_writes_the_whole_dialogue(tiny_policy: Path) -> None:
    tokenizer = load_tokenizer(tiny_policy)
    row = encode(tokenizer, ASK, "The capital of Kenya is Nairobi.", 128)
    dialogue = [*ASK, {"role": "assistant", "content": "The capital of Kenya is Nairobi."}]
    whole = tokenizer.apply_chat_template(dialogue, return_dict=True, return_assistant_tokens_mask=True)
    assert row.prompt + row.answer == whole["input_ids"]
    assert [0] * len(row.prompt) + [1] * len(row.answer) == whole["assistant_masks"]


def test_it_encodes_an_empty_answer_as_the_end_token_alone(tiny_policy: Path) -> None:
    tokenizer = load_tokenizer(tiny_policy)
    assert encode(tokenizer, ASK, "", 128).answer == [tokenizer.eos_token_id]


def test_it_keeps_a_special_token_written_in_an_answer_as_plain_text(tiny_policy: Path) -> None:
    tokenizer = load_tokenizer(tiny_policy)
    row = encode(tokenizer, ASK, "stop <|end|> here", 128)
    assert row.answer.count(tokenizer.eos_token_id) == 1
    assert tokenizer.decode(row.answer[:-1]) == "stop <|end|> here"


def test_it_takes_two_assistant_turns_running(tiny_policy: Path) -> None:
    tokenizer = load_tokenizer(tiny_policy)
    turns = [*ASK, {"role": "assistant", "content": "Nairobi."}]
    assert tokenizer.decode(encode_prompt(tokenizer, turns)).endswith("Nairobi.<|end|><|assistant|>")


def test_it_cuts_the_oldest_part_of_a_long_prompt_and_says_so(tiny_policy: Path) -> None:
    tokenizer = load_tokenizer(tiny_policy)
    full = encode_prompt(tokenizer, ASK)
    row = encode(tokenizer, ASK, "", len(full))
    assert row == Encoded(full[1:], [tokenizer.eos_token_id], cut=True)


def test_it_cuts_the_tail_of_an_endless_answer_without_pretending_that_it_ended(tiny_policy: Path) -> None:
    tokenizer = load_tokenizer(tiny_policy)
    row = encode(tokenizer, ASK, "Nairobi. " * 50, 16)
    assert (len(row.prompt), len(row.answer), row.cut) == (4, 12, True)
    assert tokenizer.eos_token_id not in row.answer


def test_its_log_probabilities_do_not_depend_on_the_neighbours_in_the_batch(tiny_policy: Path) -> None:
    tokenizer, model = load_tokenizer(tiny_policy), load_policy(tiny_policy)
    answers = ("", "Nairobi.", "The capital of Kenya is Nairobi.")
    rows = [encode(tokenizer, ASK, text, 128) for text in answers]
    together = answer_logprobs(model, collate(rows, pad_id(tokenizer)))
    for row, found in zip(rows, together, strict=True):
        alone = answer_logprobs(model, collate([row], pad_id(tokenizer)))[0]
        torch.testing.assert_close(found[: len(row)], alone, atol=1e-5, rtol=1e-5)
        assert not found[: len(row.prompt)].any()
        assert not found[len(row) :].any()


def test_its_log_probabilities_are_those_of_the_whole_softmax(tiny_policy: Path) -> None:
    tokenizer, model = load_tokenizer(tiny_policy), load_policy(tiny_policy)
    row = encode(tokenizer, ASK, "Nairobi.", 128)
    ids = torch.tensor([row.prompt + row.answer])
    expected = model(input_ids=ids).logits.log_softmax(-1)[0, :-1].gather(-1, ids[0, 1:, None])[:, 0]
    found = answer_logprobs(model, collate([row], pad_id(tokenizer)))[0]
    expected = expected[len(row.prompt) - 1 :]
    torch.testing.assert_close(found[len(row.prompt) :], expected, atol=1e-5, rtol=1e-5)


def test_it_asks_the_whole_model_where_that_bends_its_logits(tiny_policy: Path) -> None:
    tokenizer = load_tokenizer(tiny_policy)
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "head_dim": 16}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2, "vocab_size": len(tokenizer)}
    model = Gemma2ForCausalLM(Gemma2Config(**shape, **heads, final_logit_softcapping=0.01)).eval()
    batch = collate([encode(tokenizer, ASK, "Nairobi.", 128)], pad_id(tokenizer))
    found = answer_logprobs(model, batch)[batch.answer_mask]
    expected = torch.full_like(found, -math.log(len(tokenizer)))
    torch.testing.assert_close(found, expected, atol=0.02, rtol=0.0)


def test_a_gradient_reaches_the_policy_through_the_answers(tiny_policy: Path) -> None:
    tokenizer, model = load_tokenizer(tiny_policy), load_policy(tiny_policy)
    batch = collate([encode(tokenizer, ASK, "Nairobi.", 128)], pad_id(tokenizer))
    parameters = list(model.parameters())
    gradients = torch.autograd.grad(answer_logprobs(model, batch).sum(), parameters)
    assert all(gradient.abs().sum() > 0 for gradient in gradients)


def test_it_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no checkpoint folder"):
        load_policy(tmp_path / "nowhere")
