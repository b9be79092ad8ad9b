"""Text that people or models wrote, as HTML that is safe to show. Pure."""

from __future__ import annotations

import re
from functools import cache

import nh3
from markdown_it import MarkdownIt

BLOCKS = {"p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre"}
TAGS = BLOCKS | {"code", "em", "strong", "s", "table", "thead", "tbody", "tr", "th", "td"}
CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]")
WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")


@cache
def _reader(breaks: bool) -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "breaks": breaks}).enable(["table", "strikethrough"])


def safe_html(text: str, *, breaks: bool = False) -> str:
    """Markdown as HTML without raw HTML, links, pictures, styles or scripts; what they said stays as text.

    `breaks` keeps single line ends, which model outputs mean and Markdown would drop.
    """
    return nh3.clean(_reader(breaks).render(text), tags=TAGS, attributes={"ol": {"start"}}, link_rel=None)


def length(text: str) -> tuple[int, bool]:
    """(how long, whether counted in characters): characters where the text is mostly CJK, else words."""
    signs = len(CJK.findall(text))
    words = len(WORD.findall(CJK.sub(" ", text)))
    return (signs + words, True) if signs > words else (words, False)
