"""Charts: the same numbers always make the same drawing, in two colour schemes, with words and a table beside it."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.report.load_values import TIERS, whole_load
from wirematrix.load_figures import medians
from wirematrix.load_model import Limit, Load, Phase, PhaseEnd
from wirematrix.report.charts import Chart, charts
from wirematrix.report.charts.canvas import COLOURS
from wirematrix.report.charts.pens import pens

ROOT = Path(__file__).resolve().parent.parent.parent
NAMES = ["latency", "latency-p50", "latency-p99", "server-cpu", "saturation", "memory", "storm"]
SHARP = 4.5  # contrast of text that anybody can read (WCAG 2.2, 1.4.3)
DRAW_AGAIN = """
import hashlib
from tests.report.load_values import whole_load
from wirematrix.report.charts import charts
text = "".join(panel.svg for chart in charts(whole_load(repeats=1, subscribers=(10,))) for panel in chart.panels)
print(hashlib.sha256(text.encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def load() -> Load:
    """All tiers, three numbers of subscribers, three rounds."""
    return whole_load()


@pytest.fixture(scope="module")
def drawn(load: Load) -> dict[str, Chart]:
    """Its charts by name."""
    return {chart.name: chart for chart in charts(load)}


def limited(load: Load, phase: Phase, limit: Limit) -> Load:
    """The same, one phase of every round limited."""
    rounds = tuple(
        replace(
            each,
            phases=tuple(
                PhaseEnd(phase=end.phase, limit=limit, because="told so") if end.phase is phase else end
                for end in each.phases
            ),
        )
        for each in load.rounds
    )
    return replace(load, rounds=rounds)


def test_every_question_has_its_chart(drawn: dict[str, Chart]) -> None:
    """Each chart has a drawing for each transport, its caption, and a row for every tier."""
    assert list(drawn) == NAMES
    for chart in drawn.values():
        assert [panel.name for panel in chart.panels] == [f"{chart.name}-sse", f"{chart.name}-websocket"]
        assert [row.tier for row in chart.rows] == [tier.name for tier in TIERS]
        assert all(len(row.cells) == len(chart.columns) for row in chart.rows)
        assert chart.caption


def test_a_drawing_is_svg_that_loads_nothing(drawn: dict[str, Chart]) -> None:
    """Well-formed, drawn in CSS variables of both schemes, without script, link or date."""
    for panel in (panel for chart in drawn.values() for panel in chart.panels):
        tree = ET.fromstring(panel.svg)
        assert (tree.get("width"), tree.get("height")) == (str(panel.width), str(panel.height))
        assert tree.findtext("{http://www.w3.org/2000/svg}title") == panel.alternative
        assert "prefers-color-scheme:dark" in panel.svg
        assert not re.findall(r"#(?:fe0d)", panel.svg)
        assert set(re.findall(r"var\(--(\w+)\)", panel.svg)) <= set(COLOURS)
        assert {tag for tag in ("<script", "<image", "@import", "http-equiv", "<metadata") if tag in panel.svg} == set()
        assert all(link.startswith("#") for link in re.findall(r'href="([^"]*)"', panel.svg))


def test_the_same_numbers_make_the_same_bytes() -> None:
    """Two processes draw the same, whatever their hash seed."""
    told = {
        subprocess.run(
            [sys.executable, "-c", DRAW_AGAIN],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "HOME": str(Path.home())},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1


def test_another_number_makes_another_drawing() -> None:
    """A drawing is of its numbers: one figure of one tier changed, and just that chart changes in drawing and words."""
    load = whole_load(repeats=1, subscribers=(10,))
    changed = replace(
        load,
        rounds=tuple(
            replace(each, figures={**each.figures, "server_cpu_s_per_100k": 9.9}) if each.tier == "app-sse" else each
            for each in load.rounds
        ),
    )
    pairs = list(zip(charts(load), charts(changed), strict=True))
    assert [one.name for one, other in pairs if one.panels != other.panels] == ["server-cpu"]
    assert "app-sse 9.9 at 10;" in pairs[NAMES.index("server-cpu")][1].panels[0].alternative


def test_the_table_has_p50_range_and_count(load: Load, drawn: dict[str, Chart]) -> None:
    """The numbers beside a chart are those that the comparison's arithmetic has."""
    summary = medians(load)["app-websocket", 100]["server_cpu_s_per_100k"]
    row = next(row for row in drawn["server-cpu"].rows if row.tier == "app-websocket")
    assert row.cells[-1] == f"{summary.p50:.3g} ({summary.low:.3g} to {summary.high:.3g}, n 3)"


def test_what_is_not_compared_is_marked_and_not_joined(drawn: dict[str, Chart]) -> None:
    """A tier that the machine limited has no number at 100 subscribers, in words, table and drawing; its line ends."""
    chart = drawn["latency-p99"]
    row = next(row for row in chart.rows if row.tier == "app-websocket-deflate")
    assert row.cells[-1] == "not compared: the machine was the limit"
    assert re.search(r"app-websocket-deflate [\d.]+ at 10 and [\d.]+ at 50;", chart.panels[1].alternative)
    hollow = re.findall(r"<use [^>]*style=\"fill: var\(--ground\); stroke: var\(--blue\)", chart.panels[1].svg)
    assert len(hollow) == 3
    assert "not compared" in drawn["saturation"].panels[1].svg


def test_what_was_not_measured_says_so(drawn: dict[str, Chart]) -> None:
    """A null figure is named as not measured, in the drawing, too, and never drawn as 0."""
    row = next(row for row in drawn["memory"].rows if row.tier == "sse-starlette-gzip")
    assert set(row.cells) == {"not measured"}
    assert "sse-starlette-gzip not measured" in drawn["memory"].panels[0].alternative
    assert ">not measured</text>" in drawn["memory"].panels[0].svg


@pytest.mark.parametrize(
    ("phase", "gone"),
    [
        (Phase.PACED, ["latency", "latency-p50", "latency-p99", "server-cpu"]),
        (Phase.SATURATED, ["saturation"]),
        (Phase.STORM, ["storm"]),
    ],
)
def test_without_anything_to_compare_there_is_no_chart(phase: Phase, gone: list[str]) -> None:
    """Where the generator limited every round, nothing is drawn that could be read as a server's figure."""
    load = limited(whole_load(repeats=1, subscribers=(10,)), phase, Limit.GENERATOR)
    assert [name for name in NAMES if name not in {chart.name for chart in charts(load)}] == gone


def test_an_unreadable_histogram_is_no_curve() -> None:
    """A run file with a broken histogram still has every other chart."""
    load = whole_load(repeats=1, subscribers=(10,))
    broken = replace(load, rounds=tuple(replace(each, latency_hdr="AAAA") for each in load.rounds))
    assert [chart.name for chart in charts(broken)] == NAMES[1:]


def test_an_empty_comparison_has_no_charts(load: Load) -> None:
    """Without rounds, or without tiers, nothing is drawn."""
    assert charts(replace(load, rounds=())) == ()
    assert charts(replace(load, rounds=(), tiers=())) == ()


def test_like_implementations_look_alike() -> None:
    """The first implementation of either transport has one colour, the floor another, compression is dashed."""
    drawn = pens(TIERS)
    assert drawn["app-sse"] == drawn["app-websocket"]
    assert drawn["sse-starlette"] == drawn["websocket"]
    assert drawn["raw-sse"].colour == "quiet"
    assert (drawn["websocket-deflate"].colour, drawn["websocket-deflate"].dash) == (drawn["websocket"].colour, "dashed")
    solid = [drawn[name] for name in ("app-sse", "sse-starlette", "sse-starlette-encoded")]
    assert len({pen.shape for pen in solid}) == len({pen.colour for pen in solid}) == 3


@pytest.mark.parametrize("name", [name for name in COLOURS if name not in ("ground", "line")])
@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_words_can_be_read_on_the_ground(name: str, scheme: int) -> None:
    """Every colour that words are written in has enough contrast in both schemes."""
    lighter, darker = sorted((luminance(COLOURS[each][scheme]) for each in (name, "ground")), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= SHARP


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_hidden_characters_of_a_name_are_drawn_as_escapes(load: Load) -> None:
    """A tier called by a lone surrogate or a control character has its charts, with the escape as its name."""
    odd = "\ud83d\x07 $\\frac{$"
    renamed = replace(
        load,
        tiers=tuple(replace(tier, name=odd) if tier.name == "app-sse" else tier for tier in load.tiers),
        rounds=tuple(replace(each, tier=odd) if each.tier == "app-sse" else each for each in load.rounds),
    )
    sources = [panel.svg for chart in charts(renamed) for panel in chart.panels]
    assert any("\\ud83d\\u0007 $\\frac{$" in source for source in sources)
    for source in sources:
        ET.fromstring(source)
