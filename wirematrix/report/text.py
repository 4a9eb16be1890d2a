"""Words on their way into a report: what is hidden made visible, what is long cut, what is a link.

A report is read by people and opened by browsers, and most of what it quotes (console lines, close
reasons, payloads, ids) was written by pages and servers. Escaping for HTML, Markdown or a terminal is
each renderer's business; that nothing invisible gets through is this module's.
"""

from __future__ import annotations

import json
import shlex
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import quote, urlsplit

from wirematrix.model import Cell, ScenarioText

CLIP_AT: Final = 160  # characters of one value in a timeline; the run file has the rest
LEFT_TO_RUN_FILE: Final = {  # by an observation's kind
    "message": ("ts", "crc", "text"),  # checks compare them; the line has the time, seq, type and length
    "sent": ("crc",),
}
OF_NO_USE: Final = "n"  # the place of an entry in its page's log: lines are in order already
SHORT_ESCAPES: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
PLAIN_IN_SHELL: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./:[]")
PLAIN_IN_ANCHOR: Final = PLAIN_IN_SHELL - frozenset("+./:[]")


def visible(text: str) -> str:
    r"""The text with every character that a reader could not see written as its escape.

    Control and format characters (the bidirectional overrides among them), line and paragraph
    separators, private use, unassigned code points and lone surrogates become `\n` or `\u202e`.
    The outcome can always be encoded as UTF-8. Spaces of all widths stay.
    """
    return text if text.isprintable() else "".join(map(_visible_character, text))


def _visible_character(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    number = ord(character)
    return SHORT_ESCAPES.get(character) or (f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}")


def clipped(text: str, limit: int = CLIP_AT) -> str:
    """The text cut to a number of characters, saying how many are missing."""
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit:,} more characters)"


def described(kind: str, detail: Mapping[str, Any]) -> str:
    """An observation's detail in one line: `seq 3 · type update · reason “going away”`.

    What is null is left out. What a message carried besides its number stays in the run file, or a report
    would be mostly payload.
    """
    hidden = LEFT_TO_RUN_FILE.get(kind, ())
    shown = (item for item in detail.items() if item[1] is not None and item[0] not in (OF_NO_USE, *hidden))
    return " · ".join(f"{key} {_value(value)}" for key, value in shown)


def _value(value: object) -> str:
    match value:
        case str():
            # quotation marks show where a text with spaces, or an empty one, begins and ends
            return clipped(value) if value and " " not in value else f"“{clipped(value)}”"
        case float():
            return f"{round(value, 2):.12g}"
        case int() if not isinstance(value, bool):  # by far the commonest; JSON's encoder is slow to say the same
            return clipped(str(value))
        case _:
            return clipped(json.dumps(value, ensure_ascii=False, default=str))


def moment(text: str) -> str:
    """An ISO 8601 time in UTC as people write it, without fractions; any other text as it is."""
    try:
        when = datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return text
    return f"{when:%Y-%m-%d %H:%M:%S} UTC"


def spaced(name: str) -> str:
    """A name of code as words: `engine_reconnect` is `engine reconnect`."""
    return name.replace("_", " ")


def web_link(text: str) -> str:
    """The text if it is an absolute http or https URL that may become a link, else the empty string."""
    if visible(text) != text or any(character in text for character in " \"'<>\\^`{|}"):
        return ""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return ""
    return text if parts.scheme in ("http", "https") and host else ""


def relative_link(file: str) -> str:
    """The URL of a file in or below the report's own folder, else the empty string.

    Nothing absolute, nothing above, no scheme: what a run file says of its files is not believed.
    """
    way = PurePosixPath(file)
    if not file or way.is_absolute() or ".." in way.parts or "\\" in file or visible(file) != file:
        return ""
    return f"./{quote(str(way))}"


def anchor(identifier: str) -> str:
    """A fragment for an identifier: stable, derived, different for different identifiers.

    `resumes[webkit-eventsource+-close]` becomes `resumes.webkit-eventsource~2b-close`, which survives
    in a URL, an issue and an attribute without further encoding.
    """
    bare = identifier.removesuffix("]")
    if bare != identifier:
        name, bracket, params = bare.partition("[")
        if bracket:
            return f"{_slug(name)}.{_slug(params)}"
    return _slug(identifier)


def _slug(text: str) -> str:
    return "".join(one if one in PLAIN_IN_ANCHOR else f"~{ord(one):02x}" for one in text)


def rerun_command(scenario: ScenarioText, cell: Cell) -> str:
    """The one command that runs just this cell again, from the project's root.

    Safe to paste: a node id with unusual characters is quoted so that no shell reads anything into it.
    """
    module = visible(scenario.source.partition(":")[0]) or "e2e"
    function = cell.scenario if cell.scenario.startswith("test_") else f"test_{cell.scenario}"
    node = f"{module}::{visible(function)}[{visible(cell.params)}]"
    quoted = f'"{node}"' if set(node) <= PLAIN_IN_SHELL else shlex.quote(node)
    return f".venv/bin/python -m pytest {quoted}"
