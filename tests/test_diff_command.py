"""`wirematrix diff`: for people, for a pull request, for machines; and whether it fails is asked for."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.commands import Command
from tests.report.factory import CHROMIUM, attempt, cell, conditions, run_of
from wirematrix.gather import Place, key_of
from wirematrix.merged import MERGED, Merged
from wirematrix.model import Status
from wirematrix.report.changes_markdown import AT_MOST, LARGEST, diff_markdown
from wirematrix.runfile import dump, dump_merged
from wirematrix.transitions import Change, Transition, Transitions

GONE, WORSE, BETTER, SAME = (cell(network=network) for network in ("close", "direct", "reset", "stall"))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a baseline and what came after it."""
    monkeypatch.chdir(tmp_path)
    old = [attempt(GONE), attempt(WORSE), attempt(BETTER, Status.FAIL), attempt(SAME)]
    new = [attempt(WORSE, Status.TIMEOUT, "nothing came"), attempt(BETTER), attempt(SAME)]
    dump(run_of(*old), tmp_path / "base.json")
    dump(run_of(*new, info=conditions(commit="b2", started="2026-12-01T00:00:00Z")), tmp_path / "new.json")
    return tmp_path


def test_people_read_what_changed(answer: Command) -> None:
    """The baseline, each kind of change with its meaning and its cells, and the whole in one line."""
    said = answer("diff", "base.json", "new.json")
    assert (said.status, said.err) == (0, "")
    assert said.out.splitlines() == [
        "baseline: 4f2a9c1d77, begun 2026-11-22 15:40 UTC",
        "regressed (1): its status got worse",
        "  opens[chromium-websocket-direct]: timeout, was pass: nothing came",
        "fixed (1): its status got better",
        "  opens[chromium-websocket-reset]: pass, was fail: open 31 ms after it was asked for",
        "disappeared (1): the baseline has it, and this run does not declare it",
        "  opens[chromium-websocket-close]: pass in the baseline; not declared now",
        "3 cells compared: 1 regressed, 1 fixed, 1 disappeared",
    ]


def test_pull_requests_get_markdown(answer: Command) -> None:
    """Regressions stand open at the top, what matters less is folded."""
    said = answer("diff", "base.json", "new.json", "--markdown").out
    assert said.startswith("## ❌ 3 cells compared")
    assert "### regressed (1)" in said
    assert "| <code>opens&#91;chromium-websocket-direct&#93;</code> | pass | timeout | timeout, was pass" in said
    assert said.index("### fixed (1)") < said.index("<details><summary>disappeared (1)")


def test_machines_get_json(answer: Command) -> None:
    """All changes in the order of the matrix, each with its build and both values."""
    plain = json.loads(answer("diff", "base.json", "new.json", "--json").out)
    assert (plain["compared"], plain["missing"]) == (3, [])
    assert [one["change"] for one in plain["changes"]] == ["regressed", "fixed", "disappeared"]
    assert plain["changes"][0] == {
        "cell": WORSE.id,
        "build": key_of(CHROMIUM),
        "change": "regressed",
        "was": "pass",
        "now": "timeout",
        "because": "timeout, was pass: nothing came",
    }


@pytest.mark.parametrize(
    ("words", "status"),
    [("", 0), ("regressed", 1), ("new, regressed", 1), ("new,altered,number", 0), ("disappeared", 1), (",", 0)],
)
def test_it_fails_on_what_is_asked_for(answer: Command, words: str, status: int) -> None:
    """The status is 1 exactly if there is a change of one of the named kinds."""
    assert answer("diff", "base.json", "new.json", "--fail-on", words).status == status


def test_mistakes_are_one_sentence(answer: Command) -> None:
    """A kind of change that there is not, two formats at once, a file that is not there."""
    said = answer("diff", "base.json", "new.json", "--fail-on", "regresed")
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("wirematrix: --fail-on: unknown change 'regresed' (did you mean 'regressed'?); expected")
    assert answer("diff", "base.json", "new.json", "--json", "--markdown").err == (
        "wirematrix: wirematrix diff: got --markdown and --json; expected one of them\n"
    )
    assert answer("diff", "base.json", "absent.json").err == (
        "wirematrix: absent.json: cannot be read: No such file or directory\n"
    )


def test_both_sides_may_be_merged(answer: Command, folder: Path) -> None:
    """A merged file is compared as a whole; further files of the baseline count as well."""
    only = run_of(attempt(cell("thousand_in_order")), info=conditions(started="2026-12-02T00:00:00Z", commit="b2"))
    runs = (run_of(attempt(WORSE), info=conditions(commit="b2")), only)
    dump_merged(Merged(merged=MERGED, runs=runs), folder / "merged.json")
    dump(only, folder / "only.json")
    assert "1 cell compared: 1 appeared, 3 disappeared" in answer("diff", "base.json", "merged.json").out
    both = answer("diff", "base.json", "merged.json", "--base", "only.json").out
    assert "2 cells compared: 3 disappeared" in both
    assert "baseline: 4f2a9c1d77, b2, begun 2026-11-22 15:40 UTC" in both


def test_missing_cells_are_told(answer: Command, folder: Path) -> None:
    """An incomplete run says so, instead of looking as if nothing had changed."""
    declared = tuple(each.id for each in (GONE, WORSE, BETTER, SAME))
    dump(run_of(attempt(SAME), declared=declared), folder / "half.json")
    assert "3 declared cells of the new runs have no attempt, and say nothing" in (
        answer("diff", "base.json", "half.json").out
    )
    assert "> **3 declared cells never arrived**" in answer("diff", "base.json", "half.json", "--markdown").out


def made_up(number: int, because: str = "it is slower", build: str = "Chromium 1") -> Transitions:
    """That many changed numbers and regressions."""
    changes = {
        Place(build, cell(f"s{one}")): Transition(
            place=Place(build, cell(f"s{one}")),
            change=Change.NUMBER if one % 2 else Change.REGRESSED,
            was="1 s",
            now="<2 s>",
            because=because,
        )
        for one in range(number)
    }
    return Transitions(baseline="abc", changes=changes, compared=number)


@pytest.mark.parametrize("because", ["it is slower", "[" * 400, "\u202e@team ![x](y) | <b>"])
def test_a_comment_never_is_too_long(because: str) -> None:
    """However much changed, it fits into a comment and says how much it left out; hostile text stays text."""
    page = diff_markdown(made_up(3_000, because), ["x"] * 7)
    assert len(page) <= LARGEST
    rows = len(re.findall(r"(?m)^\| <code>", page))
    assert 0 < rows <= 2 * AT_MOST
    left_out = sum(int(one.replace(",", "")) for one in re.findall(r"(?m)^and ([\d,]+) more", page))
    assert rows + left_out == 3_000
    assert page.count("<details>") == page.count("</details>") == 1
    assert not re.search(r"<b>|@team|!\[x|\u202e|<2 s>", page)


def test_nothing_changed_is_said() -> None:
    """A pull request that changes nothing gets a green line and no table."""
    page = diff_markdown(Transitions(baseline="abc", compared=5), [])
    assert page == "## ✅ 5 cells compared: nothing changed\n\nBaseline: abc.\n\n"


def test_two_builds_of_an_engine_are_told_apart(answer: Command, folder: Path) -> None:
    """Where cells of several builds changed, each says which build it means."""
    other = conditions(replace(CHROMIUM, system="Ubuntu 24.04"), started="2026-01-02T00:00:00Z")
    for name, status in (("base", Status.PASS), ("new", Status.FAIL)):
        runs = (run_of(attempt(SAME, status)), run_of(attempt(SAME, status), info=other))
        dump_merged(Merged(merged=MERGED, runs=runs), folder / f"{name}-two.json")
    lines = answer("diff", "base-two.json", "new-two.json").out
    assert "opens[chromium-websocket-stall] in Chromium 156.0.7204.92 system Ubuntu 24.04: fail, was pass" in lines
    assert "opens[chromium-websocket-stall] in Chromium 156.0.7204.92 system Debian GNU/Linux 12: fail" in lines
