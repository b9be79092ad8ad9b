"""The shipped base policy: whole, speaking both languages, laid out as its chat template says."""

import shutil
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

from training.tinyworld import shipped
from training.tinyworld.measure import oracle_scores, sample
from training.tinyworld.world import prompts


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return AutoTokenizer.from_pretrained(shipped.path())


def test_the_shipped_base_is_what_its_manifest_says() -> None:
    shipped.verify()


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    copy = shutil.copytree(shipped.path(), tmp_path / "base")
    (copy / "config.json").write_text("{}")
    with pytest.raises(ValueError, match=r"config\.json"):
        shipped.verify(copy)


@pytest.mark.parametrize("text", ["Dear Lily, thank you so much.", "亲爱的小明：谢谢你的礼物。", "naïve 😀"])
def test_the_tokenizer_gives_every_text_back(tokenizer: PreTrainedTokenizerFast, text: str) -> None:
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_the_chat_template_marks_only_the_answers_as_the_assistants(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    messages = [
        {"role": "user", "content": "What does a cow say?"},
        {"role": "assistant", "content": "A cow says moo."},
        {"role": "user", "content": "法国的首都是哪里？"},
        {"role": "assistant", "content": "法国的首都是巴黎。"},
    ]
    shown = tokenizer.apply_chat_template(
        messages, return_dict=True, return_assistant_tokens_mask=True, tokenize=True
    )
    assert tokenizer.decode(shown["input_ids"]) == (
        "<|user|>What does a cow say?<|assistant|>A cow says moo.<|end|>"
        "<|user|>法国的首都是哪里？<|assistant|>法国的首都是巴黎。<|end|>"
    )
    said = [i for i, own in zip(shown["input_ids"], shown["assistant_masks"], strict=True) if own]
    assert tokenizer.decode(said) == "A cow says moo.<|end|>法国的首都是巴黎。<|end|>"


def test_the_prompt_for_an_answer_is_the_start_of_the_whole(tokenizer: PreTrainedTokenizerFast) -> None:
    asked = [{"role": "user", "content": "What does a cow say?"}]
    told = [*asked, {"role": "assistant", "content": "A cow says moo."}]
    start = tokenizer.apply_chat_template(asked, add_generation_prompt=True, tokenize=False)
    assert tokenizer.apply_chat_template(told, tokenize=False).startswith(start)


def test_the_base_answers_neither_at_random_nor_perfectly(tokenizer: PreTrainedTokenizerFast) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_pretrained(shipped.path(), dtype=torch.float32).eval()
    asked = prompts(9, 24, held_out=True)
    points = oracle_scores(asked, sample(model, tokenizer, asked, answers=2))
    assert 4 < points.mean() < 7
