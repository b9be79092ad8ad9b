"""Every sentence of the interface has its Chinese. Read without gettext, which a fresh machine lacks."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES"
PO = FOLDER / "django.po"
PLACE = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")
CALLS = {"_": 1, "gettext": 1, "gettext_lazy": 1, "ngettext": 2, "ngettext_lazy": 2}
TRANSLATE = re.compile(r"\{% translate (\"|')(.*?)\1")
BLOCK = re.compile(r"\{% blocktranslate[^%]*%\}(.*?)\{% endblocktranslate %\}", re.DOTALL)
Message = tuple[str, str]  # (English, Chinese)


def messages() -> Iterator[Message]:
    """All entries; a plural stands with its plural form, of which Chinese has one."""
    for block in PO.read_text(encoding="utf-8").split("\n\n"):
        found = {name: _text(block, name) for name in ("msgid", "msgid_plural", r"msgstr(?:\[0\])?")}
        if found["msgid"]:
            yield found["msgid_plural"] or found["msgid"], found[r"msgstr(?:\[0\])?"]


def _text(block: str, name: str) -> str:
    match = re.search(rf"^{name} ((?:\".*\"\n?)+)", block, re.MULTILINE)
    return "".join(ast.literal_eval(line) for line in match.group(1).splitlines()) if match else ""


def in_code(path: Path) -> Iterator[str]:
    """The first argument (and the plural) of every call that translates."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            for given in node.args[: CALLS[node.func.id]]:
                if isinstance(given, ast.Constant) and isinstance(given.value, str):
                    yield given.value


def in_template(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    yield from (said.replace("%", "%%") for _, said in TRANSLATE.findall(text))
    for body in BLOCK.findall(text):
        for part in body.split("{% plural %}"):
            yield re.sub(r"\{\{ ?([\w.]+).*?\}\}", r"%(\1)s", part.replace("%", "%%"))


def files(*patterns: str) -> list[Path]:
    return [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]


def test_no_sentence_is_without_its_chinese() -> None:
    assert [english for english, chinese in messages() if not chinese] == []


def test_nothing_is_marked_as_doubtful() -> None:
    assert "fuzzy" not in PO.read_text(encoding="utf-8")


def test_both_languages_have_the_same_places_to_fill() -> None:
    wrong = [
        english
        for english, chinese in messages()
        if chinese and sorted(PLACE.findall(english)) != sorted(PLACE.findall(chinese))
    ]
    assert wrong == []


def test_the_compiled_file_is_that_of_the_text() -> None:
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = set(gettext.GNUTranslations(file)._catalog.values())  # type: ignore[attr-defined]
    assert [chinese for _, chinese in messages() if chinese and chinese not in compiled] == []


@pytest.mark.parametrize("part", ["annotation", "training", "templates"])
def test_everything_the_pages_say_has_been_collected(part: str) -> None:
    """A sentence that was written later than the last makemessages shows here."""
    text = PO.read_text(encoding="utf-8")
    collected = {
        "".join(ast.literal_eval(line) for line in lines.splitlines())
        for lines in re.findall(r"^msgid(?:_plural)? ((?:\".*\"\n?)+)", text, re.MULTILINE)
    }
    if part == "templates":
        said = {one for path in files("templates/**/*.html") for one in in_template(path)}
    else:
        said = {one for path in files(f"{part}/**/*.py") for one in in_code(path)}
    assert sorted(said - collected) == []
