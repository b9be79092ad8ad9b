from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch

from training.recipes.reward_model import (
    Card,
    ClassifierNet,
    ProbeHead,
    ProbeNet,
    RewardModel,
    load_classifier,
)
from training.recipes.text import collate, encode, load_policy, load_tokenizer, pad_id

pytestmark = pytest.mark.torch

ASK = [{"role": "user", "content": "What is the capital of Kenya?"}]
ANSWERS = ["", "Nairobi.", "The capital of Kenya is Nairobi."]


def _probe_model(policy: Path, tuned: bool) -> RewardModel:
    base = load_policy(policy)
    trunk = copy.deepcopy(base.base_model) if tuned else base.base_model
    head = ProbeHead(35)
    torch.nn.init.normal_(head.weight, generator=torch.Generator().manual_seed(1))
    return RewardModel(ProbeNet(trunk, head), base, load_tokenizer(policy), Card("probe", 128, 0.5, 2.0))


def _classifier(policy: Path) -> RewardModel:
    tokenizer = load_tokenizer(policy)
    torch.manual_seed(0)
    return RewardModel(
        ClassifierNet(load_classifier(policy, tokenizer)), None, tokenizer, Card("classifier", 128)
    )


@pytest.mark.parametrize("kind", ["probe", "untuned", "classifier"])
def test_a_saved_model_gives_the_same_scores_when_loaded(
    tiny_policy: Path, tmp_path: Path, kind: str
) -> None:
    model = _classifier(tiny_policy) if kind == "classifier" else _probe_model(tiny_policy, kind == "probe")
    model.save(tmp_path / "model")
    expected = model.score([ASK] * 3, ANSWERS)
    assert torch.equal(RewardModel.load(tmp_path / "model").score([ASK] * 3, ANSWERS), expected)
    assert len(set(expected.tolist())) == 3


def test_an_untuned_trunk_is_kept_once(tiny_policy: Path, tmp_path: Path) -> None:
    _probe_model(tiny_policy, tuned=False).save(tmp_path / "model")
    assert not (tmp_path / "model" / "model.safetensors").exists()


def test_it_standardises_by_its_card(tiny_policy: Path) -> None:
    model = _probe_model(tiny_policy, tuned=True)
    rows = [encode(model.tokenizer, ASK, text, 128) for text in ANSWERS]
    torch.testing.assert_close(model.score([ASK] * 3, ANSWERS), (model.raw(rows) - 0.5) / 2.0)


def test_a_classifier_scores_as_transformers_own_classification_does(tiny_policy: Path) -> None:
    model = _classifier(tiny_policy)
    rows = [encode(model.tokenizer, ASK, text, 128) for text in ANSWERS]
    batch = collate(rows, pad_id(model.tokenizer))
    assert isinstance(model.net, ClassifierNet)
    expected = model.net.model(input_ids=batch.ids, attention_mask=batch.attention).logits[:, 0]
    torch.testing.assert_close(model.raw(rows), expected.detach())


def test_it_refuses_a_folder_without_a_reward_model(tiny_policy: Path) -> None:
    with pytest.raises(FileNotFoundError):
        RewardModel.load(tiny_policy)
