"""The HTML report: one file, nothing fetched, nothing run but its own script, everything said in words."""

from __future__ import annotations

import re
import unicodedata
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from tests.report.factory import CHROMIUM, attempt, cell, conditions, recording, run_of, scenario_text
from tests.report.pages import Page, parsed, unfolded, unfolded_words
from tests.report.synthetic import NEVER_AGAIN, matrix
from wirematrix.model import (
    STATUS_MEANS,
    Exclusion,
    Expectation,
    Fact,
    Finding,
    Force,
    Held,
    NearMiss,
    Observation,
    Run,
    Status,
)
from wirematrix.report import render_html, write_report

DOCUMENTED_BYTES = 60_000  # the section of one engine


@pytest.fixture(scope="module")
def source() -> str:
    """The report of a whole matrix."""
    return render_html([matrix(observations=8)])


@pytest.fixture(scope="module")
def tree(source: str) -> Page:
    """The same, parsed."""
    return parsed(source)


def test_policy_names_every_style_and_script(source: str, tree: Page) -> None:
    """The policy allows nothing but the inline styles and scripts by their hashes, and is in force first."""
    policy = next(
        attributes["content"]
        for tag, attributes in tree.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    inline = re.findall(r"<(?:style|script)>(.*?)</(?:style|script)>", source, re.DOTALL)
    hashes = {f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in inline}
    assert len(inline) == 5
    assert set(re.findall(r"'sha256-[^']+'", policy)) == hashes
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert source.index("Content-Security-Policy") < source.index("<style>")


def test_nothing_is_fetched(source: str, tree: Page) -> None:
    """No tag loads anything, no style has a url(), and links go to the page itself or to the web."""
    assert {tag for tag, _ in tree.tags}.isdisjoint(
        {"link", "img", "iframe", "object", "embed", "base", "audio", "video", "image"}
    )
    assert all("src" not in attributes for _, attributes in tree.tags)
    assert "url(" not in source
    assert "@import" not in source
    assert {link.partition(":")[0] for link in tree.links if not link.startswith("#")} == {"https"}


def test_no_inline_code_or_style_attribute(tree: Page) -> None:
    """What the policy would block is not there: no on-handlers, no style attributes."""
    used = {name for _, attributes in tree.tags for name in attributes}
    assert [name for name in used if name.startswith("on") or name in ("style", "srcdoc", "action")] == []


def test_every_cell_leads_to_its_evidence(tree: Page) -> None:
    """Each link within the page has its target, no id is there twice, and each judged cell is linked."""
    ids = Counter(tree.ids)
    assert [name for name, number in ids.items() if number > 1] == []
    inner = {link[1:] for link in tree.links if link.startswith("#")}
    assert inner <= set(ids)
    assert "notices_silence.webkit-eventsource-blackhole" in inner


def test_everything_is_there_without_javascript(tree: Page) -> None:
    """Sentences, reasons, numbers and rerun commands are text of the page; what is folded says where it is to be had."""
    for sentence in (
        "7 of 622 cells unexpected",
        "2 declared cells never arrived.",
        "1 cell ended as error:",
        "noticed_the_break: 8,000 ms after the link went silent",
        "EventSource has no heartbeat of its own",
        "The retry field exists in event streams only.",
        '.venv/bin/python -m pytest "e2e/test_connect.py::test_opens[firefox-websocket-direct]"',
        "wirematrix show CELL prints them from the run file",
        "not Safari",
        "scale factor of budgets",
        "flaky: 1 of 2 timeout",
        "message 5 after the break: 21.4 s of 25.0 s",
    ):
        assert sentence in tree.words, sentence
    forms = [attributes for tag, attributes in tree.tags if tag == "form"]
    assert [(form["id"], "hidden" in form) for form in forms] == [("choose", True), ("choose-facts", True)]


def test_legend_defines_every_status(tree: Page) -> None:
    """Each status is defined in words, and each has a shape of its own."""
    for status, meaning in STATUS_MEANS.items():
        assert meaning in tree.words
        assert f"i-{status}" in tree.ids


def test_tables_say_what_they_are(tree: Page) -> None:
    """The grid has a caption, column groups with their engine, column and row headers with a scope."""
    heads = [attributes.get("scope") for tag, attributes in tree.tags if tag == "th" and "scope" in attributes]
    assert {"col", "row", "colgroup", "rowgroup"} <= set(heads)
    assert sum(tag == "caption" for tag, _ in tree.tags) >= 4


def test_status_is_word_shape_and_colour(source: str) -> None:
    """A cell's status is a word, a shape and a class; expected and unexpected are told in words, too."""
    cells = re.findall(
        r'<td[^>]*><a class="([^"]+)"[^>]*>(.*?)</a>(?:<a class="why"[^>]*>.*?</a>)?</td>', source, re.DOTALL
    )
    assert len(cells) == 622
    for classes, inner in cells:
        look, status = classes.split()
        word = "recorded" if look == "recorded" else status
        assert f'href="#i-{word}"' in inner
        assert word in inner.replace("&shy;", "")
        assert ("unexpected" in inner) == (look == "news")
        assert ("as expected" in inner) == (look == "known")


def test_blank_places_differ() -> None:
    """Excluded, missing and not selected look and read differently; a missing cell says `not run`."""
    here, absent = cell(), cell("opens_late", transport="eventsource")
    excluded = (Exclusion(cell=cell("opens_late"), because="has no meaning"),)
    run = run_of(attempt(here), declared=(here.id, absent.id), exclusions=excluded)
    words = parsed(render_html([run])).words
    assert "not run" in words
    assert "not selected" in words
    assert "– a : excluded, the reason" in words


def test_engines_are_unavailable_loudly() -> None:
    """An unavailable engine is named at the top with its remedy, before any number of another engine."""
    info = conditions(CHROMIUM, unavailable={"webkit": "no build; mend it with: apt install gir1.2-webkit2-4.1"})
    words = parsed(render_html([run_of(attempt(cell()), info=info)])).words
    assert words.index("webkit is unavailable") < words.index("Cells per engine")
    assert "apt install gir1.2-webkit2-4.1" in words


def test_all_attempts_are_kept() -> None:
    """Every attempt has its sentence in the open and its evidence folded, the deciding one first."""
    first = attempt(cell(), Status.FAIL, "first words", number=1)
    second = attempt(cell(), Status.PASS, "second words", number=2)
    source = render_html([run_of(first, second)])
    words = parsed(source).words
    assert words.index("first words") < words.index("second words")
    assert "Attempt 2: pass" in words
    kept = unfolded(source)["opens.chromium-websocket-direct"]
    assert [one["title"] for one in kept] == ["Attempt 1", "Attempt 2"]
    assert kept[0]["started"] == "2026-11-22 15:41:07 UTC"
    assert (kept[1]["status"], kept[1]["because"]) == ("pass", "second words")


def test_many_surprises_are_folded() -> None:
    """The first dozen unexpected cells are listed in full, the others fold: the matrix stays near the top."""
    surprises = [attempt(cell(network=f"network-{place}"), Status.FAIL, f"why {place}") for place in range(20)]
    words = parsed(render_html([run_of(*surprises)])).words
    assert words.index("why 11") < words.index("8 more unexpected cells") < words.index("why 12")


def test_long_timelines_are_cut_in_words() -> None:
    """A timeline of thousands has its beginning and its end, and says how much is between."""
    many = tuple(Observation(at_ms=place, source="page", kind="message") for place in range(5000))
    (kept,) = unfolded(render_html([run_of(attempt(cell(), timeline=many))]))["opens.chromium-websocket-direct"]
    assert kept["out"] == [240, 4600]
    assert len(kept["lines"]) == 400
    assert sum(line[0] for line in kept["lines"]) == 49990  # tenths of a millisecond, each since the one before


def test_several_runs_are_told_apart() -> None:
    """Conditions of each run stand side by side."""
    runs = [matrix(surprises=False, observations=0), matrix(observations=0, commit="bbbbbbb")]
    words = parsed(render_html(runs)).words
    assert "run 2" in words
    assert "Read with care: the runs differ in their commit" in words


def test_size_stays_small() -> None:
    """A cell with 60 observations costs less than 2.8 kB: 5,000 of them make a file below 15 MB.

    What MDN documents is there once, however many cells there are.
    """
    run = matrix((CHROMIUM,), observations=60)
    assert len(render_html([run]).encode()) < 2_800 * len(run.declared) + DOCUMENTED_BYTES


def test_written_file_is_what_was_rendered(tmp_path: Path) -> None:
    """The report is one UTF-8 file in a folder that is made for it."""
    target = write_report([run_of(attempt(cell()))], tmp_path / "new" / "matrix.html", title="nightly")
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "nightly</title>" in target.read_text(encoding="utf-8")


ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)><p a="',
    "' onmouseover='alert(1)",
    "</style></script></title></textarea><!--",
    "--><svg onload=alert(1)>]]>",
    "{{ 7 * 7 }}{% raw %}{#",
    "&lt;b&gt;&#60;i&#62;",
    "javascript:alert(1)",
    "\u202e\u2066 \x00\x08\x1b[2J\x7f\x9b \ud800 \udfff \u2028\u2029\ufeff\u200b \U000e0041",
)


def run_saying(words: str) -> Run:
    """A run that says the words wherever a page, a server or a person could."""
    here = cell(f"opens{words}", network=f"direct{words}")
    verdict_words = Expectation(statuses=(Status.FAIL,), because=f"known {words}", see=f"note {words}")
    hostile = attempt(
        here,
        Status.FAIL,
        f"because {words}",
        expectation=verdict_words,
        started=f"at {words}",
        metrics={f"metric{words}_ms": 3.5},
        near_misses=(NearMiss(awaited=f"awaited {words}", waited_ms=9, budget_ms=10),),
        timeline=(
            Observation(at_ms=1, source="page", kind="uncaught", detail={"because": f"console {words}"}),
            Observation(at_ms=2, source="page", kind="close", detail={"reason": words, f"key{words}": [words]}),
            Observation(at_ms=3, source=f"page{words}", kind=f"kind{words}", detail={"nested": {words: words}}),
        ),
    )
    hostile = recording(
        hostile,
        Fact(name=f"name{words}_ms", title=f"fact {words}", observed=(1.5, 7.0, f"word {words}", ""), cap=5),
    )
    verdict = replace(
        hostile.verdict,
        findings=(
            *hostile.verdict.findings,
            Finding(check=f"check{words}", force=Force.MUST, held=Held.BROKEN, because=f"found {words}"),
        ),
    )
    surprise = attempt(replace(here, transport="eventsource"), Status.FAIL, f"news {words}")
    build = replace(CHROMIUM, product=f"Chromium{words}", version=words, executable=words)
    text = replace(
        scenario_text(),
        name=here.scenario,
        group=f"group{words}",
        title=f"title {words}",
        story=f"story {words}",
        source=f"e2e/{words}.py:1",
    )
    return run_of(
        replace(hostile, verdict=verdict),
        surprise,
        info=conditions(build, commit=words, command=words, unavailable={f"webkit{words}": words}),
        scenarios=(text,),
        networks={here.network: f"about {words}"},
        declared=(here.id, surprise.cell.id, f"missing{words}"),
        exclusions=(Exclusion(cell=replace(here, transport="websocket+"), because=f"excluded {words}"),),
    )


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_change_no_tag(attack: str) -> None:
    """Hostile words anywhere in a run leave the page's tags and attribute names as harmless words do."""
    harmless = parsed(render_html([run_saying("words")]))
    hostile = parsed(render_html([run_saying(attack)]))
    assert [(tag, list(attributes)) for tag, attributes in hostile.tags] == [
        (tag, list(attributes)) for tag, attributes in harmless.tags
    ]


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_hide_nothing(attack: str) -> None:
    """The file can be written, and holds no character that a reader could not see."""
    source = render_html([run_saying(attack)])
    source.encode("utf-8")
    hidden = {
        one
        for one in source + str(unfolded_words(source))
        if unicodedata.category(one) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    }
    assert hidden <= {"\n"}


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_are_shown_as_written(attack: str) -> None:
    """A reader sees the hostile words themselves, neither run nor swallowed."""
    source = render_html([run_saying(attack)])
    words = parsed(source).words
    shown = " ".join(attack.split()) if attack.isprintable() else "\\u202e\\u2066 \\u0000"
    assert f"because {shown}" in words
    assert f"console {shown}" in unfolded_words(source)
    assert f"fact {shown}" in words
    assert f"word {shown}"[:60] in words


@pytest.mark.parametrize("see", ["javascript:alert(1)", "data:text/html,x", "https://a.b/' onclick='x"])
def test_only_web_references_are_links(see: str) -> None:
    """A reference that is no web address is shown and never linked."""
    known = replace(NEVER_AGAIN, see=see)
    page = parsed(render_html([run_of(attempt(cell(), Status.FAIL, expectation=known))]))
    assert all(link.startswith(("#", "https://")) and link != see for link in page.links)
    assert see in page.words
