"""Titles and notes of browser-compat-data without their markup: `<code>`, `<em>`, links, character references."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

BREAKS: Final = ("br", "li", "p")  # that end a word where no space does
UNREAD: Final = ("script", "style")  # whose content is no prose; the data has none, and none gets in


def text_of(markup: str) -> str:
    """The text of a fragment of HTML on one line; behind a link's words stands where it leads, in brackets.

    Never fails: what is no markup is text, and what is not ended ends with the fragment.
    """
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return " ".join("".join(reader.parts).split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._targets: list[str] = []  # of the links that are open
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._targets.append(dict(attrs).get("href") or "")
        if tag in BREAKS:
            self.parts.append(" ")
        self._unread += tag in UNREAD

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._targets and (target := self._targets.pop()):
            self.parts.append(f" ({target})")
        self._unread = max(0, self._unread - (tag in UNREAD))

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.parts.append(data)
