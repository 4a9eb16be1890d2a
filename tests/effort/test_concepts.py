"""Names from outside, found in the syntax of Python and JavaScript."""

from __future__ import annotations

import pytest

from wirematrix.effort.concepts import concepts_of, own_names


def names(source: str, file: str) -> set[str]:
    """The names from outside of a source alone."""
    return set(concepts_of(source, file, own_names(source, file)))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import asyncio\nqueue = asyncio.Queue()\nqueue.put_nowait(1)", {"asyncio.Queue", "put_nowait"}),
        ("from a import b, c\n\ndef f(x: c) -> None:\n    b(x)", {"b", "c"}),
        ("from a import b\nb(first=1, own=2)\n\ndef f(own): ...", {"b", "first"}),
        ("x = [1]\nx.append(len(x))\nprint(x, int('1').real)", set()),
        ("import a", set()),
        ("import a.b as c\nc.d.e", {"c.d", "e"}),
    ],
)
def test_names_of_python(source: str, expected: set[str]) -> None:
    """Imported names where they are used, attributes and keywords; not its own names, nor the language's."""
    assert names(source, "a.py") == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("const a = new EventSource(url); a.onopen = f; function f() {}", {"EventSource", "url", "onopen"}),
        ("s.onmessage = ({ data }) => take(data, line);", {"s", "onmessage", "data", "take", "line"}),
        ("const line = { ...told, last: '', f(x) {} }; line.last; line.f;", {"told"}),
        ("function f(a, b) { return { send: (t) => a(t, b) }; } f().send", set()),
        ("const { done, value } = x; for (const [, a] of y) a;", {"done", "value", "x", "y"}),
        ("fetch(u, { method: 'GET', headers: h })", {"fetch", "u", "method", "headers", "h"}),
        ("try { a(); } catch (problem) { problem; }", {"a"}),
        ("x => x.split('b').map(String); // Worker", set()),
        ("const t = `a ${place.href} EventSource`;", {"place", "href"}),
    ],
)
def test_names_of_javascript(source: str, expected: set[str]) -> None:
    """Members, arguments' keys and what is taken out of objects; not declarations, own objects' keys, texts, comments."""
    assert names(source, "a.js") == expected


def test_names_of_a_document() -> None:
    """Only the script of a document gives names."""
    source = '<p id="x">const y = 1</p><script type="module">const told = { token: 1, state(w) {} };</script>'
    assert own_names(source, "index.html") == {"told", "token", "state", "w"}
