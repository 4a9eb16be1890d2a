"""Words on their way into a report: nothing hidden, nothing endless, no link that is not one."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.factory import cell, scenario_text
from wirematrix.report.text import anchor, clipped, described, rerun_command, visible, web_link

ANY_TEXT = st.text(st.characters(codec=None))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – text, 日本語, 🙂", "plain – text, 日本語, 🙂"),
        ("two\nlines\tand\r", "two\\nlines\\tand\\r"),
        ("bell \x07 nul \x00 escape \x1b[31m", "bell \\u0007 nul \\u0000 escape \\u001b[31m"),
        ("right\u202eleft", "right\\u202eleft"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("lone \ud83d surrogate", "lone \\ud83d surrogate"),
        ("private \U000f0000", "private \\U000f0000"),
        ("wide\u3000space", "wide\u3000space"),
    ],
)
def test_hidden_becomes_visible(text: str, shown: str) -> None:
    """Control, format, surrogate and private characters are written as escapes; all else stays."""
    assert visible(text) == shown


@given(ANY_TEXT)
def test_visible_text_can_be_written(text: str) -> None:
    """Whatever a page said, what is shown of it encodes as UTF-8, and showing it twice changes nothing."""
    shown = visible(text)
    assert shown.encode().decode() == shown
    assert visible(shown) == shown


def test_clipping_says_what_is_missing() -> None:
    """A long text is cut at the limit and says how much is gone; a short one is left alone."""
    assert clipped("abc", 3) == "abc"
    assert clipped("abcdef" * 300, 4) == "abcd… (1,796 more characters)"


def test_detail_in_one_line() -> None:
    """An observation's detail reads as keys and values; texts with spaces have their ends marked; null is left out."""
    detail = {"seq": 3, "clean": False, "code": None, "reason": "going away", "empty": "", "ms": 3000.5}
    assert described("close", detail) == "seq 3 · clean false · reason “going away” · empty “” · ms 3000.5"


def test_payloads_stay_in_the_run_file() -> None:
    """A message's line has number, type and length; its text and checksum are left to the run file."""
    detail = {"seq": 3, "type": "update", "ts": 1795362067123.4, "chars": 41, "crc": 77, "text": "payload"}
    assert described("message", detail) == "seq 3 · type update · chars 41"
    assert "payload" in described("uncaught", {"text": "payload"})


@pytest.mark.parametrize("url", ["https://html.spec.whatwg.org/x?y=1#z", "http://127.0.0.1:8000/", "HTTPS://A.B"])
def test_web_addresses_may_be_links(url: str) -> None:
    """Absolute http and https addresses become links."""
    assert web_link(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        " https://a.b/",
        "https://",
        "https:a.b",
        "//a.b/c",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        'https://a.b/" onclick="alert(1)',
        "https://a.b/\u202egnp",
        "https://[::1",
        "see the note in the glossary",
    ],
)
def test_nothing_else_may_be_a_link(url: str) -> None:
    """Scripts, local files, relative, broken and disguised addresses never become links."""
    assert web_link(url) == ""


def test_anchor_is_readable_and_derived() -> None:
    """A cell's anchor follows from its id alone and needs no encoding in a URL."""
    assert anchor(cell("resumes", transport="eventsource+", network="close").id) == (
        "resumes.chromium-eventsource~2b-close"
    )


@given(st.lists(ANY_TEXT, min_size=2, max_size=2, unique=True))
def test_different_ids_have_different_anchors(names: list[str]) -> None:
    """No two identifiers share an anchor, and none holds a character that a URL or attribute minds."""
    first, second = (anchor(name) for name in names)
    assert first != second
    assert set(first) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-~.")


def test_rerun_command_names_one_cell() -> None:
    """The command is the scenario's file, its function and the cell's parameters, ready to paste."""
    command = rerun_command(scenario_text("notices_silence"), cell("notices_silence", network="stall"))
    assert command == (
        '.venv/bin/python -m pytest "e2e/test_reconnect.py::test_notices_silence[chromium-websocket-stall]"'
    )


@given(ANY_TEXT)
def test_rerun_command_is_one_word_to_a_shell(name: str) -> None:
    """Whatever a scenario or network is called, a shell takes the node id as one literal word."""
    hostile = replace(cell(network=name), scenario=name)
    words = shlex.split(rerun_command(replace(scenario_text(), source=f"{name}:1"), hostile))
    assert len(words) == 4
    assert words[:3] == [".venv/bin/python", "-m", "pytest"]
    assert words[3].endswith(f"::test_{visible(name)}[chromium-websocket-{visible(name)}]")
