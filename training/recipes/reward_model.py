"""A reward model: text in, standardised numbers out, whatever its tokenizer.

On the disk a folder with `reward.json` and the tokenizer, and by kind
- probe: the tuned trunk (`config.json`, `model.safetensors`; left out where it is the base's own), the head
  (`head.safetensors`) and the frozen model whose log-probabilities the head reads (`base/`);
- classifier: a checkpoint of transformers' sequence classification with one label, as other tools read it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_model, save_model
from torch import Tensor, nn
from transformers import AutoModel, AutoModelForSequenceClassification

from training.linear.probe import BOUND
from training.recipes.batches import by_length
from training.recipes.features import SURPRISES, answer_mean, surprises
from training.recipes.text import (
    LOADING,
    Batch,
    Encoded,
    Messages,
    collate,
    device,
    encode,
    freeze,
    hidden_states,
    load_policy,
    load_tokenizer,
    pad_id,
    settle,
)

CARD = "reward.json"
HEAD = "head.safetensors"
BASE = "base"


@dataclass(frozen=True)
class Card:
    """What `reward.json` says: standardised score = (raw score - mean) / deviation."""

    start: str  # probe | classifier
    max_length: int
    mean: float = 0.0
    deviation: float = 1.0


class ProbeHead(nn.Module):
    """The probe of training/linear as a layer; `centre` and `scale` are fixed when it is solved."""

    centre: Tensor
    scale: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(width))
        self.bias = nn.Parameter(torch.zeros(()))
        self.register_buffer("centre", torch.zeros(width))
        self.register_buffer("scale", torch.ones(width))

    def forward(self, features: Tensor) -> Tensor:
        """(rows, width) -> (rows,)"""
        z = (features - self.centre) / self.scale
        return BOUND * torch.tanh(z / BOUND) @ self.weight + self.bias


class ProbeNet(nn.Module):
    """A trunk's mean answer state and the base's surprise, read by a linear head."""

    def __init__(self, trunk: nn.Module, head: ProbeHead) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = head

    def forward(self, batch: Batch, surprise: Tensor) -> Tensor:
        """Raw scores (rows,) from a batch and the base's (rows, 3) log-probability numbers."""
        mean = answer_mean(hidden_states(self.trunk, batch), batch)
        scores: Tensor = self.head(torch.cat([mean, surprise], dim=1))
        return scores


class ClassifierNet(nn.Module):
    """A scalar head on the last token; the numbers of a base are not read."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Batch, surprise: Tensor) -> Tensor:
        hidden = hidden_states(self.model.base_model, batch)
        last = batch.attention.sum(1) - 1
        scores: Tensor = self.model.score(hidden[torch.arange(len(last)), last]).squeeze(-1)
        return scores


class RewardModel:
    """Scores answers. Build with `load`, or in the recipe from its parts."""

    def __init__(self, net: ProbeNet | ClassifierNet, base: Any | None, tokenizer: Any, card: Card) -> None:
        self.net = net
        self.base = base
        self.tokenizer = tokenizer
        self.card = card

    @classmethod
    def load(cls, folder: str | Path) -> RewardModel:
        """Read a checkpoint folder. Raises FileNotFoundError where it holds no reward model."""
        place = Path(folder)
        card = Card(**json.loads((place / CARD).read_text()))
        tokenizer = load_tokenizer(place)
        if card.start == "classifier":
            return cls(ClassifierNet(freeze(load_classifier(place, tokenizer))), None, tokenizer, card)
        base = freeze(load_policy(place / BASE))
        return cls(_load_probe_net(place, base), base, tokenizer, card)

    def save(self, folder: str | Path) -> None:
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        (place / CARD).write_text(json.dumps(asdict(self.card), indent=1))
        self.tokenizer.save_pretrained(place)
        if isinstance(self.net, ClassifierNet):
            self.net.model.save_pretrained(place)
            return
        assert self.base is not None
        save_model(self.net.head, str(place / HEAD))
        self.base.save_pretrained(place / BASE)
        if self.net.trunk is not self.base.base_model:
            trunk: Any = self.net.trunk
            trunk.save_pretrained(place)

    def score(self, prompts: Sequence[Messages], answers: Sequence[str], batch: int = 64) -> Tensor:
        """Scores of `answers[i]` to `prompts[i]`: (n,) float32 on the CPU, mean 0 and deviation 1 on the
        samples that were labelled."""
        pairs = zip(prompts, answers, strict=True)
        rows = [encode(self.tokenizer, *pair, self.card.max_length) for pair in pairs]
        return (self.raw(rows, batch) - self.card.mean) / self.card.deviation

    @torch.no_grad()
    def raw(self, rows: Sequence[Encoded], batch: int = 64) -> Tensor:
        """Scores before standardising, of rows encoded by this model's tokenizer: (n,) float32 on the CPU."""
        scores = torch.zeros(len(rows))
        for chosen in by_length([len(row) for row in rows], batch):
            inputs = collate([rows[index] for index in chosen], pad_id(self.tokenizer))
            scores[chosen] = self.net(inputs, self._surprise(inputs)).float().cpu()
        return scores

    def _surprise(self, batch: Batch) -> Tensor:
        if self.base is None:
            return torch.zeros(len(batch.ids), SURPRISES, device=batch.ids.device)
        return surprises(self.base, batch)


def load_classifier(folder: str | Path, tokenizer: Any) -> Any:
    """A sequence classifier with one label on the trunk in `folder`; where that has no head, a fresh one."""
    model = AutoModelForSequenceClassification.from_pretrained(str(folder), num_labels=1, **LOADING)
    model.config.pad_token_id = pad_id(tokenizer)  # transformers refuses a batch without it
    return settle(model)


def _load_probe_net(place: Path, base: Any) -> ProbeNet:
    head = ProbeHead(base.config.hidden_size + SURPRISES)
    load_model(head, place / HEAD)
    if not (place / "config.json").exists():
        return ProbeNet(base.base_model, head.to(device()))
    trunk = AutoModel.from_pretrained(str(place), **LOADING)
    return ProbeNet(freeze(settle(trunk)), head.to(device()))
