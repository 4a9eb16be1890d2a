"""The report: one self-contained HTML file that needs no network, no server and no JavaScript to be read.

Jinja escapes everything; `visible` runs over every value that a template prints. Only this package's own
stylesheets and script are exempt, and the Content-Security-Policy names each of them by its hash, so that
a browser would run or apply nothing else even if something got through.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from wirematrix.documented import beside
from wirematrix.facts import AGREEMENT_MEANS, Agreement
from wirematrix.gather import gather
from wirematrix.measures import observations
from wirematrix.model import STATUS_MEANS, Artifact, Expectation, Held, Run, Status
from wirematrix.report.adviceviews import NO_ADVICE, Advice, advice_views, called
from wirematrix.report.besideviews import BesideView
from wirematrix.report.blame import blames
from wirematrix.report.changeviews import CHANGE_SIGNS, changes_view
from wirematrix.report.cost import cost, left_out
from wirematrix.report.effortviews import effort_view
from wirematrix.report.evidence import Evidence, evidence_of
from wirematrix.report.factviews import said, way_of
from wirematrix.report.figures import duration, metric_label, metric_meaning
from wirematrix.report.gridviews import grid_view, hint, view_of
from wirematrix.report.loadviews import load_views, unequal
from wirematrix.report.merge import merge_views
from wirematrix.report.pageviews import page_view
from wirematrix.report.prosandcons import pros_and_cons
from wirematrix.report.routeviews import routes_view
from wirematrix.report.sealed import sealed, words
from wirematrix.report.shares import shares_view
from wirematrix.report.standouts import standouts
from wirematrix.report.tally import counted
from wirematrix.report.text import moment, relative_link, spaced, visible, web_link
from wirematrix.report.views import BLANK_MEANS, LOOK_MEANS, JudgedSlot, ReportView, RowView
from wirematrix.transitions import CHANGE_MEANS, Transitions

SHOWN_AT_ONCE: Final = 12  # entries of a list before the rest is folded; unexpected cells that stand open
ORIGIN_MEANS: Final[Mapping[str, str]] = {
    "playwright": "Playwright's own patched build",
    "system": "the system's package",
    "channel": "the branded browser",
    "absent": "not on this machine",
}
AGREEMENT_MARKS: Final[Mapping[Agreement, str]] = {
    Agreement.DIFFER: "≠ ",
    Agreement.UNSURE: "? ",
    Agreement.ALIKE: "= ",
    Agreement.ALONE: "",
}
ANSWER_MARKS: Final[Mapping[Held, str]] = {Held.HELD: "✓", Held.BROKEN: "✗", Held.UNDECIDED: "?"}
STYLES: Final = ("report.css", "grid.css", "documented.css")
SCRIPTS: Final = ("evidence.js", "grid.js", "facts.js")
FIRST_COLUMN_PX: Final = 300  # as in grid.css
COLUMN_PX: Final = 50
EVIDENCE_ROW_PX: Final = 640  # as in report.css
AROUND_GRID_PX: Final = 64  # margins and a scroll bar


def write_report(
    runs: Sequence[Run],
    target: Path,
    *,
    title: str = "",
    advice: Advice = NO_ADVICE,
    changes: Transitions | None = None,
) -> Path:
    """Write the report of one run or several to a file; makes its folder; gives the file back."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source = render_html(runs, title=title, advice=advice, changes=changes, folder=target.parent)
    target.write_text(source, encoding="utf-8", newline="\n")
    return target


def render_html(
    runs: Sequence[Run],
    *,
    title: str = "",
    advice: Advice = NO_ADVICE,
    changes: Transitions | None = None,
    folder: Path | None = None,
) -> str:
    """The report of one run or several as the text of one HTML file.

    `title` names the report where several lie side by side; `advice` is what these runs recommend; `changes` is what
    is different from a baseline; `folder` is where it will lie, and files that lie there or below are linked. Raises
    InvalidInput if there is no run.
    """
    view = merge_views(runs)
    loads = load_views(runs)
    load_anchor = loads[0].anchor if loads else "load"
    styles = ("\n".join(map(_asset, STYLES)), _fitting(view))
    scripts = tuple(map(_asset, SCRIPTS))
    page = _environment().get_template("report.html.jinja")
    return page.render(
        view=view,
        title=title or "wirematrix",
        styles=[Markup(style) for style in styles],  # noqa: S704 - our own files, nothing of a run
        scripts=[Markup(script) for script in scripts],  # noqa: S704 - the same
        policy=_policy(styles, scripts, pictures=any(load.charts for load in loads)),
        headline=view.headline if view.groups or not loads else "SSE or WebSocket, under load",
        shares=shares_view(view),
        standouts=standouts(view),
        blames=blames(view.unexpected),
        grid=grid_view(view),
        changes=changes_view(view, changes),
        loads=loads,
        unequal=unequal(runs),
        advice=advice_views(advice.answers, load_anchor),
        no_advice=advice.because,
        sides=pros_and_cons(advice.answers, load_anchor),
        effort=effort_view(runs),
        pages=page_view(view),
        between=routes_view(view, runs),
        beside=BesideView(table=beside(gather(runs)), anchors=view.facts.anchors),
        written=datetime.now(UTC).isoformat(timespec="seconds"),
        open_news=len(view.unexpected) <= SHOWN_AT_ONCE,
        evidence_words=Markup(words()),  # noqa: S704 - ours, and nothing in it can close its element
        evidences=_evidences,
        sealed=partial(sealed, link=partial(_link, folder), runs=len(view.runs)),
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("wirematrix.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = moment
    environment.filters["spaced"] = spaced
    environment.filters["one_line"] = lambda text: " ".join(text.split())
    environment.tests["judged"] = lambda slot: isinstance(slot, JudgedSlot)
    environment.globals |= {
        "Status": Status,
        "STATUS_MEANS": STATUS_MEANS,
        "LOOK_MEANS": LOOK_MEANS,
        "BLANK_MEANS": BLANK_MEANS,
        "AGREEMENT_MARKS": AGREEMENT_MARKS,
        "AGREEMENT_MEANS": AGREEMENT_MEANS,
        "ORIGIN_MEANS": ORIGIN_MEANS,
        "ANSWER_MARKS": ANSWER_MARKS,
        "SHOWN_AT_ONCE": SHOWN_AT_ONCE,
        "CHANGE_MEANS": CHANGE_MEANS,
        "CHANGE_SIGNS": CHANGE_SIGNS,
        "UNCLAIMED": Expectation().because,
        "called": called,
        "cost": cost,
        "counted": counted,
        "duration": duration,
        "hint": hint,
        "left_out": left_out,
        "metric_label": metric_label,
        "metric_meaning": metric_meaning,
        "observations": observations,
        "said": said,
        "view_of": view_of,
        "way_of": way_of,
        "web_link": web_link,
    }
    return environment


def _printable(value: object) -> object:
    """What a template prints: our own markup as it is, everything else with nothing hidden in it."""
    return value if isinstance(value, Markup) else visible(str(value))


def _asset(name: str) -> str:
    return (files("wirematrix.report") / "assets" / name).read_text(encoding="utf-8")


def _fitting(view: ReportView) -> str:
    """A grid that fits the window has no scroll bars of its own, and its header sticks to the window.

    Evidence that is not laid out yet takes about the place that it will take, or the window's scroll bar would jump.
    """
    columns = len(view.columns)
    evidence = EVIDENCE_ROW_PX * sum(1 for _ in view.rows)
    width = FIRST_COLUMN_PX + COLUMN_PX * columns + AROUND_GRID_PX
    spans = "".join(
        f".grid .upper th:nth-child({at}){{--span:{len(engine.transports)}}}"
        for at, engine in enumerate(view.engines, 2)
    )
    return (
        f":root{{--columns:{columns}}}\n{spans}\n"
        f"#evidence{{contain-intrinsic-size:auto {evidence}px}}\n"
        f"@media screen and (min-width:{width}px){{.grid{{overflow:visible;max-height:none}}"
        # nothing is scrolled under the first column there, and sticking costs time
        f".grid tbody th,.grid .corner{{position:static!important}}}}\n"
    )


def _evidences(row: RowView) -> list[tuple[str, Evidence]]:
    """The evidence of a row's cells, each with its anchor: made once, and for one row at a time."""
    return [(slot.anchor, evidence_of(slot)) for slot in row.judged]


def _link(folder: Path | None, artifact: Artifact) -> str:
    """How the report reaches a file: only one that is there, in its own folder or below."""
    url = relative_link(artifact.file)
    return url if url and folder and (folder / artifact.file).is_file() else ""


def _policy(styles: Sequence[str], scripts: Sequence[str], *, pictures: bool) -> str:
    style_hashes, script_hashes = (" ".join(map(_hash, sources)) for sources in (styles, scripts))
    images = "img-src data:; " if pictures else ""
    return (
        f"default-src 'none'; {images}style-src {style_hashes}; script-src {script_hashes}; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )


def _hash(source: str) -> str:
    return f"'sha256-{b64encode(sha256(source.encode()).digest()).decode()}'"
