"""A report as its reader has it: tags and text."""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from typing import Any


@dataclass
class Page(HTMLParser):
    """A parsed report: its tags with attributes, and the text between them."""

    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)  # enclosing tag, text

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember a tag."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        """Remember a text under the tag that was opened last."""
        self.texts.append((self.tags[-1][0] if self.tags else "", data))

    @property
    def ids(self) -> list[str]:
        """All ids in order."""
        return [attributes["id"] for _, attributes in self.tags if "id" in attributes]

    @property
    def links(self) -> list[str]:
        """All targets of links in order."""
        return [attributes["href"] for tag, attributes in self.tags if tag == "a"]

    @cached_property
    def words(self) -> str:
        """All text, white space folded."""
        return " ".join(" ".join(text for tag, text in self.texts if tag not in ("style", "script")).split())


def parsed(source: str) -> Page:
    """Parse a report."""
    page = Page()
    page.feed(source)
    return page


def unfolded(source: str) -> dict[str, Any]:
    """What the folded blocks of a report say: the attempts of each cell, by its anchor."""
    cells: dict[str, Any] = {}
    for block in re.findall(r'<script type="application/octet-stream">([^<]*)</script>', source):
        cells |= json.loads(zlib.decompress(b64decode(block, validate=True)))
    return cells


def unfolded_words(source: str) -> str:
    """Every text in the folded blocks, white space folded."""
    return " ".join(" ".join(_texts(unfolded(source))).split())


def _texts(plain: Any) -> list[str]:
    match plain:
        case str():
            return [plain]
        case list():
            return [text for each in plain for text in _texts(each)]
        case dict():
            return [text for each in plain.values() for text in _texts(each)]
        case _:
            return []
