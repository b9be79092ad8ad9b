"""Turn the ratings of WMT (side-by-side MQM, one translation a line) into an item file, one segment an item.

    python benchmarks/convert_mt.py ../shared/data/mt_zhen_ratings.jsonl.gz items.jsonl

The completions of an item are the systems in order of their names. A rating is the penalty with its sign
turned, so that higher is better, on the criterion "quality".
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


def items(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """One item a segment, in the order of the file."""
    segments: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        segments[row["document"], row["segment"]].append(row)
    for (document, segment), outputs in segments.items():
        yield _item(f"{document}:{segment}", sorted(outputs, key=lambda row: str(row["system"])))


def _item(name: str, outputs: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": name,
        "prompt": outputs[0]["source"],
        "completions": [{"text": row["translation"], "source": row["system"]} for row in outputs],
        "language": "zh",
        "labels": [
            {"annotator": rater, "ratings": {"quality": [0.0 - row["mqm"][rater] for row in outputs]}}
            for rater in outputs[0]["mqm"]
        ],
    }


def read(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def main(source: str, target: str) -> None:
    with Path(target).open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(item, ensure_ascii=False) + "\n" for item in items(read(Path(source))))


if __name__ == "__main__":
    main(*sys.argv[1:])
