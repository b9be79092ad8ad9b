from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from training.recipes.state import load_state, publish, save_state
from training.savepoints import check

pytestmark = pytest.mark.torch


def _trained(steps: int) -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(0)
    net = nn.Linear(3, 1)
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.1)
    for _ in range(steps):
        _step(net, optimizer)
    return net, optimizer


def _step(net: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad()
    net(torch.randn(4, 3)).square().mean().backward()
    optimizer.step()


def test_it_goes_on_from_a_saved_state_to_the_same_bits(tmp_path: Path) -> None:
    net, optimizer = _trained(3)
    save_state(tmp_path, {"net": net}, {"net": optimizer}, {"seen": 3})
    _step(net, optimizer)
    other, other_optimizer = _trained(0)
    assert load_state(tmp_path, {"net": other}, {"net": other_optimizer}) == {"seen": 3}
    _step(other, other_optimizer)
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), other.parameters(), strict=True))


def test_it_publishes_a_sealed_folder_in_place_of_the_old_one(tmp_path: Path) -> None:
    place = tmp_path / "model"
    publish(place, lambda folder: (folder / "old").write_text("old"))
    digest = publish(place, lambda folder: (folder / "new").write_text("new"))
    assert check(place) == digest
    assert sorted(path.name for path in place.iterdir()) == ["manifest.json", "new"]


def test_a_failed_publication_leaves_the_old_folder(tmp_path: Path) -> None:
    place = tmp_path / "model"
    publish(place, lambda folder: (folder / "old").write_text("old"))
    with pytest.raises(ZeroDivisionError):
        publish(place, lambda folder: 1 // 0)
    assert (place / "old").read_text() == "old"
