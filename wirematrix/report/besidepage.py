"""Documented beside observed as Markdown for GitHub, and as JSON for machines; nothing of a run becomes markup."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wirematrix import codec
from wirematrix.documented import Agreement, Beside, BesideRow, BesideTable
from wirematrix.documented.beside import AGREEMENT_MEANS
from wirematrix.documented.questions import WHOSE_MEANS
from wirematrix.report.besideviews import MARKS, build_name, explained, observed, source_of, stated, summary_of
from wirematrix.report.markdown import escaped
from wirematrix.report.text import web_link

SCHEMA = 1


def beside_page(table: BesideTable) -> str:
    """The whole document. The same table always gives the same text."""
    return "\n".join(_lines(table)) + "\n"


def beside_as_json(table: BesideTable) -> dict[str, Any]:
    """The table as JSON has it: builds with what they are held against, and a row for each feature."""
    return {
        "schema": SCHEMA,
        "source": {name: getattr(table.source, name) for name in ("package", "version", "built", "license")},
        "counts": {str(agreement): table.count(agreement) for agreement in Agreement},
        "builds": [
            {"build": codec.encode(build), "beside": codec.encode(other)}
            for build, other in zip(table.builds, table.counterparts, strict=True)
        ],
        "rows": [
            {
                "feature": row.path,
                "title": row.title,
                "group": row.group,
                "mdn_url": row.feature.mdn_url,
                "cells": [_cell(cell) for cell in row.cells],
            }
            for row in table.rows
        ],
    }


def _cell(cell: Beside) -> dict[str, Any]:
    cells = dict.fromkeys(one.place.cell.id for one in cell.sighting.glimpses if one.place)
    return {
        "agreement": str(cell.agreement),
        "documented": {"says": str(cell.word.says), "sentence": cell.word.sentence, "notes": list(cell.word.notes)},
        "observed": {"answer": str(cell.sighting.answer), "sentence": cell.sighting.sentence, "cells": list(cells)},
        "explanation": codec.encode(cell.explanation) if cell.explanation else None,
    }


def _lines(table: BesideTable) -> Iterator[str]:
    yield "# Documented beside observed"
    yield ""
    yield f"{escaped(summary_of(table))}. The words of MDN are those of {escaped(source_of(table))}."
    yield ""
    yield "| build | beside | it is |"
    yield "| --- | --- | --- |"
    for build, other in zip(table.builds, table.counterparts, strict=True):
        yield f"| {escaped(build_name(build))} | {escaped(other.label)} | {escaped(other.note)} |"
    yield ""
    yield "## Disagreements"
    yield ""
    found = list(table.disagreements)
    if not found:
        yield "None."
    for row, number in found:
        yield from _disagreement(table, row, number)
    for group, rows in table.groups.items():
        yield ""
        yield f"## {escaped(group)}"
        yield ""
        yield f"| feature | {' | '.join(escaped(build_name(build)) for build in table.builds)} |"
        yield f"| --- |{' --- |' * len(table.builds)}"
        for row in rows:
            yield f"| {_named(row)} | {' | '.join(_short(cell) for cell in row.cells)} |"
    yield ""
    for agreement, means in AGREEMENT_MEANS.items():
        yield f"- {escaped(MARKS[agreement])} {agreement}: {means}."
    for whose, means in WHOSE_MEANS.items():
        yield f"- {whose}: {means}."


def _disagreement(table: BesideTable, row: BesideRow, number: int) -> Iterator[str]:
    cell = row.cells[number]
    yield f"- {_named(row)} in {escaped(build_name(table.builds[number]))}"
    yield f"  - documented: {escaped(stated(cell))}"
    yield f"  - observed: {escaped(observed(cell))}"
    link = web_link(cell.explanation.see) if cell.explanation else ""
    yield f"  - why: {escaped(explained(cell))}{f' [see]({_target(link)})' if link else ''}"


def _named(row: BesideRow) -> str:
    url = web_link(row.feature.mdn_url)
    return f"[{escaped(row.title)}]({_target(url)})" if url else escaped(row.title)


def _target(url: str) -> str:
    """An address as the target of a link: `web_link` lets no bracket of another kind through than these."""
    return url.replace("(", "%28").replace(")", "%29")


def _short(cell: Beside) -> str:
    mark = f"**{MARKS[cell.agreement]}**" if cell.agreement is Agreement.DISAGREES else escaped(MARKS[cell.agreement])
    return f"{mark} {escaped(cell.word.sentence)}<br>{escaped(str(cell.sighting.answer))}"
