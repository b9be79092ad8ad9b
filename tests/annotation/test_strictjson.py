import pytest

from annotation.strictjson import clean_json


def test_it_reads_ordinary_json_from_text_and_bytes() -> None:
    text = '{"a": [1, -2.5, true, null, "清 \\u00e9 \\ud83d\\ude00"], "b": {}}'
    value = {"a": [1, -2.5, True, None, "清 é 😀"], "b": {}}
    assert clean_json(text) == clean_json(text.encode()) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": NaN}', "NaN is not a JSON number"),
        ("[-Infinity]", "-Infinity is not"),
        ("1e999", "too large"),
        ("[9223372036854775808]", "too large"),
        ("1" * 100_000, "too large"),
        ('{"a": 1, "a": 2}', "'a' stands twice"),
        ('{"b": {"a": 1, "\\u0061": 2}}', "'a' stands twice"),
        ('"a\\u0000b"', "NUL"),
        ('{"a\\u0000": 1}', "NUL"),
        ('"a\x00b"', "NUL"),
        ('["\\ud83d"]', "lone surrogate"),
        ('["\ud83d"]', "lone surrogate"),
        (b'"\xff"', "not UTF-8"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        ("[" * 21 + "]" * 21, "nested deeper than 20"),
        ("[" * 100_000 + "]" * 100_000, "nested deeper than 20"),
        ('{"a":' * 100_000, "nested deeper than 20"),
        ("[1,]", "not JSON"),
        ("", "not JSON"),
        ("1 2", "not JSON"),
        ("\ufeff1", "not JSON"),
    ],
)
def test_it_refuses_what_is_not_clean(text: str | bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        clean_json(text)


def test_twenty_levels_are_allowed() -> None:
    assert clean_json("[" * 20 + "1" + "]" * 20) is not None
    assert clean_json("[[1]]", max_depth=2) == [[1]]
    with pytest.raises(ValueError, match="deeper than 1 "):
        clean_json("[[1]]", max_depth=1)
