"""Read JSON from people and programs we do not trust.

Python's own reader accepts NaN, keeps the last of two equal keys, lets NUL and lone surrogates through
(PostgreSQL and UTF-8 refuse them later, in the middle of a transaction) and turns 1e999 into infinity.
Here each of these is an error.
"""

import json
import math
from collections import Counter
from typing import Any

from annotation.cleantext import check_text

BIGGEST = 2**63 - 1


def clean_json(text: str | bytes, max_depth: int = 20) -> Any:
    """The value that `text` (UTF-8 where bytes) stands for; ValueError saying why where it is not clean."""
    text = _decoded(text)
    try:
        value = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_int=_int,
            parse_float=_float,
            object_pairs_hook=_object,
        )
    except RecursionError:
        raise ValueError(f"nested deeper than {max_depth} levels") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from None
    # A bad character that stood in the text itself was refused by now: only an escape can still hide one.
    _walk(value, max_depth, escaped="\\u" in text)
    return value


def _decoded(text: str | bytes) -> str:
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError as error:
            raise ValueError(f"not UTF-8: {error.reason} at byte {error.start}") from None
    check_text(text)
    return text


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _int(digits: str) -> int:
    # The length first: turning a million digits into a number is itself slow.
    if len(digits) > 20 or abs(number := int(digits)) > BIGGEST:
        raise ValueError(f"the whole number {digits[:24]} is too large")
    return number


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"the number {digits[:24]} is too large")
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        (twice, _), *_rest = Counter(key for key, _ in pairs).most_common()
        raise ValueError(f"the key {twice[:80]!r} stands twice in one object")
    return found


def _walk(value: Any, max_depth: int, *, escaped: bool) -> None:
    level = [value]
    for _ in range(max_depth + 1):
        if escaped:
            _check_strings(level)
        containers = [inner for inner in level if isinstance(inner, dict | list)]
        if not containers:
            return
        level = [inner for outer in containers for inner in _inside(outer)]
    raise ValueError(f"nested deeper than {max_depth} levels")


def _inside(outer: Any) -> list[Any]:
    return [*outer, *outer.values()] if isinstance(outer, dict) else outer


def _check_strings(values: list[Any]) -> None:
    for value in values:
        if isinstance(value, str):
            check_text(value)
