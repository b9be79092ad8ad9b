"""Where the shipped base policy lies and whether it is whole. Imports no torch."""

import json
from pathlib import Path
from typing import Any

from training.savepoints import sha256

MANIFEST = "manifest.json"


def path() -> Path:
    """The folder of the shipped base: config, fp16 safetensors, tokenizer, chat template, manifest."""
    return Path(__file__).parent / "base"


def manifest(folder: Path | None = None) -> dict[str, Any]:
    """What was written about the base when it was built: command, seed, loss, oracle means, digests."""
    return dict(json.loads(((folder or path()) / MANIFEST).read_text(encoding="utf-8")))


def verify(folder: Path | None = None) -> None:
    """Raise ValueError if a file of the base is missing, changed, or not named in its manifest."""
    folder = folder or path()
    expected = manifest(folder)["files"]
    found = {f.name: sha256(f) for f in sorted(folder.iterdir()) if f.is_file() and f.name != MANIFEST}
    if found != expected:
        wrong = sorted({name for name, _ in found.items() ^ expected.items()})
        raise ValueError(f"the base policy in {folder} differs from its manifest: {', '.join(wrong)}")
