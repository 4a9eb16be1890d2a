"""Implementation complexity as a Markdown document: what each guarantee takes over each transport."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from wirematrix.effort.tags import GUARANTEE_MEANS
from wirematrix.load_model import Effort
from wirematrix.report.markdown import escaped

BARE: Final = "connect"
HOW_TO_READ: Final = """\
Measured from the source of the [examples](../examples), which are complete and run by a test in real browsers. They
grow a guarantee at a time, in the order of the table; each stage is a program that runs, and a guarantee takes what its
stage has more than the one before. That the marked code is what a guarantee needs is tested, too: without it, the
guarantee does not hold in a real page, and with it, it does; where nothing has to be written, it holds before.

- **lines**: lines with code on them, without blanks, comments and docstrings.
- **branches**: decisions, that is, cyclomatic complexity less one for each function. Both are counted by
  [lizard](https://github.com/terryyin/lizard), for Python and JavaScript alike.
- **names**: names from outside, of libraries and of the platform, that one must know and that no earlier stage needed.
  Names of the language itself do not count. What is no name, such as a header field or a close code, is not seen.
"""
LIMITS: Final = """\
## What this does not say

- The server of `eventsource` and of `fetch-stream` is one and the same, so its rows are equal.
- *Reconnect* is a connection that breaks. When something between page and server answers 502 instead, EventSource gives
  up for good; the pages over fetch and WebSocket try again with the same code.
- A token in a URL, which is all that EventSource and WebSocket can do in a browser without cookies, is a line of code
  less and a risk more than a header: logs see it.
- Over SSE what a page says is a request of its own: it has an answer, and no order among the messages of the stream.
- The document that shows the log is the same for all and is not counted. Neither is what a library does for us, which
  is why the implementation decides as much as the transport: another server framework, other figures.
"""


def effort_page(rows: Sequence[Effort]) -> str:
    """The whole document. The same rows always give the same text."""
    return "\n".join(_lines(rows)) + "\n"


def _lines(rows: Sequence[Effort]) -> Iterator[str]:
    yield "# Implementation complexity"
    yield ""
    yield "<!-- made by `wirematrix effort` from the examples; every change by hand is lost -->"
    yield ""
    yield HOW_TO_READ
    yield "## Bare and resilient"
    yield ""
    yield "*Bare* is what it takes to connect and nothing else, *resilient* all guarantees below together."
    yield ""
    yield "| transport | side | bare: lines | branches | names | resilient: lines | branches | names |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for transport in _each(row.transport for row in rows):
        of_transport = [row for row in rows if row.transport == transport]
        sides = _each(row.side for row in of_transport)
        for side in sides:
            yield _total(transport, side, [row for row in of_transport if row.side == side])
        yield _total(transport, f"**{' and '.join(sides)}**", of_transport)
    yield ""
    yield "## What each guarantee takes"
    yield ""
    for guarantee in _each(row.guarantee for row in rows):
        yield f"- *{guarantee}*: {GUARANTEE_MEANS.get(guarantee, 'as its name says')}."
    yield ""
    yield "| guarantee | transport | side | lines | branches | names | which names |"
    yield "| --- | --- | --- | ---: | ---: | ---: | --- |"
    for guarantee in _each(row.guarantee for row in rows):
        yield from (_row(row) for row in rows if row.guarantee == guarantee)
    yield ""
    yield LIMITS.rstrip("\n")


def _total(transport: str, side: str, rows: Iterable[Effort]) -> str:
    rows = list(rows)
    bare = [row for row in rows if row.guarantee == BARE]
    figures = [figure for part in (bare, rows) for figure in _sum(part)]
    return f"| `{escaped(transport)}` | {side} | {' | '.join(map(str, figures))} |"


def _sum(rows: Iterable[Effort]) -> tuple[int, int, int]:
    rows = list(rows)
    return sum(row.lines for row in rows), sum(row.branches for row in rows), sum(len(row.concepts) for row in rows)


def _row(row: Effort) -> str:
    place = f"| {row.guarantee} | `{escaped(row.transport)}` | {row.side} |"
    if not row.possible:
        return f"{place} – | – | – | impossible: {escaped(row.because)} |"
    names = ", ".join(f"`{escaped(name)}`" for name in row.concepts) or escaped(row.because) or "none that is new"
    return f"{place} {row.lines} | {row.branches} | {len(row.concepts)} | {names} |"


def _each(words: Iterable[str]) -> list[str]:
    """Each word once, in order."""
    return list(dict.fromkeys(words))
