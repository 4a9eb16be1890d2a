"""Evidence that is folded up: one compressed block of data per row of the matrix, opened when a reader asks for it.

A block is JSON, deflated and in base64: letters that can neither close the element they stand in nor say anything to
an HTML parser. `assets/evidence.js` opens it and builds nodes from it, never markup. Whatever a reader could not see
was made visible before (`text.visible`), so what is built is what Python's own renderings would show.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from wirematrix.measures import observations
from wirematrix.model import Artifact
from wirematrix.report.evidence import AttemptEvidence, Evidence, Line
from wirematrix.report.figures import duration
from wirematrix.report.lanes import MARK_MEANS, Mark
from wirematrix.report.text import moment, visible
from wirematrix.report.wireviews import LEFT_OUT, Table
from wirematrix.timeline import SOURCES

LEVEL: Final = 9  # a few percent smaller for a second more; the file is written once and mailed often
MARKS: Final = tuple(Mark)
JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
Link = Callable[[Artifact], str]  # the URL under which a file can be reached from the report; empty for none


def words() -> str:
    """What all blocks refer to by number: the sources, and the marks with their meanings."""
    said = {"sources": SOURCES, "marks": [[str(mark), meaning] for mark, meaning in MARK_MEANS.items()]}
    return JSON.encode(said).replace("<", "\\u003c")


def sealed(cells: Iterable[tuple[str, Evidence]], link: Link, *, runs: int) -> str:
    """The block of some cells, each with its anchor; `runs` is how many there are in the report."""
    plain = {
        anchor: [
            _attempt(found.deciding, link, runs=runs) | (_findings(found.deciding) if found.sentence_says_it else {}),
            *(_attempt(one, link, runs=runs) | _findings(one) | _ending(one) for one in found.others),
        ]
        for anchor, found in cells
    }
    return b64encode(zlib.compress(JSON.encode(_seen(plain)).encode(), LEVEL)).decode()


def _attempt(one: AttemptEvidence, link: Link, *, runs: int) -> dict[str, Any]:
    """What is folded of any attempt; what is empty is left out."""
    of_run = f" of run {one.run}" if runs > 1 else ""
    plain: dict[str, Any] = {
        "title": f"Attempt {one.number}{', alone' if one.alone else ''}{of_run}",
        "started": moment(one.started),
        "took": one.took,
        "measures": [[measure.label, measure.value] for measure in one.measures],
        "breaks": [[round(begin, 1), round(end, 1)] for begin, end in one.breaks_ms],
        "flows": _steps(one.flows),
        "lines": [*_lines((*one.lines, *one.later_lines))],
        "out": [len(one.lines), one.left_out] if one.left_out else 0,
        "dropped": one.dropped,
        "tables": [[table.caption, table.note, table.heads, [*_rows(table)]] for table in one.tables],
        "files": [[file.kind, file.file, link(file)] for file in one.artifacts],
    }
    return {key: value for key, value in plain.items() if value not in ([], 0)}


def _findings(one: AttemptEvidence) -> dict[str, Any]:
    return {"findings": [[str(each.held), each.check, str(each.force), each.because] for each in one.findings]}


def _ending(one: AttemptEvidence) -> dict[str, Any]:
    """How an attempt ended; that of the deciding one stands in the open."""
    return {
        "status": str(one.status),
        "expected": "expected" if one.expected else "unexpected",
        "because": one.because,
        "facts": [[fact.title, observations(fact)] for fact in one.facts],
        "near": [
            f"{miss.awaited} took {duration(miss.waited_ms)} of {duration(miss.budget_ms)}" for miss in one.near_misses
        ],
    }


def _lines(lines: Iterable[Line]) -> Iterator[list[Any]]:
    """Each observation; its time as tenths of a millisecond since the one before, which is half as long."""
    before = 0
    for line in lines:
        at = round(line.at_ms * 10)
        source: int | str = SOURCES.index(line.source) if line.source in SOURCES else line.source
        yield [at - before, source, MARKS.index(line.mark), line.kind, line.detail]
        before = at


def _rows(table: Table) -> Iterator[list[Any]]:
    """The rows of a table, times likewise; what stands for left out rows has none."""
    before = 0
    for first, *rest in table.rows:
        if first == LEFT_OUT:
            yield [first, *rest]
            continue
        at = round(float(first) * 10)
        yield [at - before, *rest]
        before = at


def _steps(flows: Iterable[tuple[int, int]]) -> list[int]:
    """Pairs of places in the timeline: the first since the pair before, the second since the first."""
    steps, before = [], 0
    for begin, end in flows:
        steps += [begin - before, end - begin]
        before = begin
    return steps


def _seen(plain: Any) -> Any:
    """The same with every text made visible, keys as well."""
    match plain:
        case str():
            return visible(plain)
        case list() | tuple():
            return [*map(_seen, plain)]
        case dict():
            return {visible(key): _seen(value) for key, value in plain.items()}
        case _:
            return plain
