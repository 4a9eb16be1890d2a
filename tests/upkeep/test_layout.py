"""Whichever way a matrix is written, an update touches what it changes and nothing else."""

from __future__ import annotations

import pytest

from tests.small_matrix import BASE, EXCLUSION
from tests.upkeep.given import CHROMIUM, WEBKIT, claims, seen, updated
from wirematrix.errors import InvalidInput
from wirematrix.upkeep import renewal
from wirematrix.upkeep.patch import patched

REQUIRED = (CHROMIUM, WEBKIT)
OPENS, REOPENS = "{scenario: opens, engine: webkit}", "{scenario: reopens, engine: webkit}"
NEW = """\
  - cells: {scenario: opens, engine: chromium, transport: websocket}
    status: fail
    because: TODO
    see: TODO
"""


def entry(cells: str, status: str = "fail", because: str = "so it is") -> str:
    """An expectation as most are written."""
    return f"  - cells: {cells}\n    status: {status}\n    because: {because}\n    see: docs/x.md\n"


def after(text: str, **endings: str) -> str:
    """The outcome; everything passed but these scenarios in WebKit."""
    told = {f"{name}[webkit": words for name, words in endings.items()}
    return updated(text, seen(text, {"": "pass", **told}, REQUIRED)).content.decode()


def with_new_entry(text: str) -> str:
    """The outcome if `opens` in WebKit is as expected and one cell of Chromium is not."""
    told = {"": "pass", "opens[chromium-websocket": "fail", "opens[webkit": "fail"}
    return updated(text, seen(text, told, REQUIRED)).content.decode()


# Where a status changes


@pytest.mark.parametrize(
    ("before", "then"),
    [
        ("status: fail", "status: crash"),
        ("status: 'fail'  # typical", "status: crash  # typical"),
        ("status: [fail, timeout]", "status: crash"),
        ("status: [ fail,\n      timeout ]   # both", "status: crash   # both"),
        ("status:\n      - fail\n      - timeout", "status:\n      - crash"),
        ("status:\n    - fail", "status:\n    - crash"),
    ],
)
def test_a_status_is_replaced_where_it_stands(before: str, then: str) -> None:
    """A word, a list in brackets or one behind dashes: the status changes, and what is around it stays."""
    text = f"{BASE}expectations:\n" + entry(OPENS).replace("status: fail", before)
    marked = "TODO (was fail/timeout) so it" if "timeout" in before else "TODO (was fail) so it"
    assert after(text, opens="crash") == text.replace(before, then).replace("so it", marked)


@pytest.mark.parametrize(
    ("before", "then"),
    [
        ("'it''s so'", "'TODO (was fail) it''s so'"),
        ('"so: \\u00e9"  # a remark', '"TODO (was fail) so: \\u00e9"  # a remark'),
        ("so it is,\n      on two lines", "TODO (was fail) so it is,\n      on two lines"),
        (">\n      so it is,\n      folded", ">\n      TODO (was fail) so it is,\n      folded"),
        ("|-  # kept\n\n      so it is", "|-  # kept\n\n      TODO (was fail) so it is"),
    ],
)
def test_a_reason_is_marked_without_being_rewritten(before: str, then: str) -> None:
    """However a reason is quoted or folded, the mark goes before its first word."""
    text = f"{BASE}expectations:\n{entry(OPENS, because=before)}"
    assert after(text, opens="crash") == text.replace("status: fail", "status: crash").replace(before, then)


def test_an_entry_in_braces_is_edited_in_place() -> None:
    """An entry on one line stays on it."""
    text = f"{BASE}expectations:\n  - {{cells: {OPENS}, status: fail, because: so it is, see: docs/x.md}}  # one line\n"
    assert after(text, opens="crash crash timeout") == text.replace("status: fail", "status: crash").replace(
        "so it is", "TODO (was fail) so it is"
    )


# Where entries go

HEADED = f"""\
{BASE}expectations:
  # Stays: it stands alone.

  # Belongs to both.
{entry(OPENS, because="one")}    # Belongs to the first.
{entry(REOPENS, because="two")}
  # Belongs to the last.
{entry("{scenario: opens, engine: chromium}", because="three")}
  # At the end.
# Outside.
{EXCLUSION.replace("engine: webkit", "scenario: reopens, engine: chrome")}"""


def told(text: str, *failing: str) -> str:
    """The outcome if the cells whose ids begin like that failed and the others passed."""
    return updated(text, seen(text, {"": "pass", **dict.fromkeys(failing, "fail")}, REQUIRED)).content.decode()


def test_a_comment_goes_with_the_last_entry_it_belongs_to() -> None:
    """A heading stays as long as one of its entries does; an indented remark goes with its entry."""
    expected = HEADED.replace(entry(OPENS, because="one") + "    # Belongs to the first.\n", "")
    assert told(HEADED, "reopens[webkit", "opens[chromium") == expected
    expected = expected.replace("\n  # Belongs to both.\n" + entry(REOPENS, because="two"), "")
    assert told(HEADED, "opens[chromium") == expected
    rest = expected.replace(
        "\n  # Belongs to the last.\n" + entry("{scenario: opens, engine: chromium}", because="three"), ""
    )
    assert told(HEADED) == rest.replace("expectations:", "expectations: []")


def test_the_first_block_takes_the_blank_line_below_it() -> None:
    """What follows moves up to the key."""
    text = f"{BASE}expectations:\n  # one\n{entry(OPENS)}\n\n  # two\n{entry(REOPENS)}"
    assert told(text, "reopens[webkit") == f"{BASE}expectations:\n  # two\n{entry(REOPENS)}"


# Where entries come


def test_new_entries_stand_below_the_last() -> None:
    """Behind the last entry and its remarks, after a blank line, before whatever follows."""
    text = f"{BASE}expectations:\n{entry(OPENS)}      # a remark\n\n# next\n{EXCLUSION.replace('webkit', 'chrome')}"
    assert with_new_entry(text) == text.replace("# a remark\n", f"# a remark\n\n{NEW}")


@pytest.mark.parametrize(
    ("before", "then"),
    [
        ("expectations: []\n", "expectations:\n"),
        ("expectations:   []   # none yet\n", "expectations:   # none yet\n"),
        ("'expectations':\n  []\n", "'expectations':\n\n"),
        ("expectations: []", "expectations:\n"),
    ],
)
def test_an_empty_list_makes_room(before: str, then: str) -> None:
    """Brackets around nothing go, a remark behind them stays."""
    text = BASE + before
    done = updated(text, seen(text, {"": "pass", "opens[chromium-websocket": "fail"}, REQUIRED))
    assert done.content.decode() == BASE + then + NEW


@pytest.mark.parametrize("end", ["\n", ""])
def test_a_file_without_expectations_gets_some(end: str) -> None:
    """The key is written at the end, whether or not the last line had one."""
    text = BASE.removesuffix("\n") + end
    done = updated(text, seen(text, {"": "pass", "opens[chromium-websocket": "fail"}, REQUIRED))
    assert done.content.decode() == f"{BASE}\nexpectations:\n{NEW}"


def test_new_entries_are_indented_as_the_others() -> None:
    """Dashes at the edge stay at the edge."""
    flush = entry(OPENS).replace("\n  ", "\n").removeprefix("  ")
    text = f"{BASE}expectations:\n{flush}"
    assert with_new_entry(text) == f"{text}\n" + NEW.replace("\n  ", "\n").removeprefix("  ")


def test_a_long_line_is_broken() -> None:
    """Cells that do not fit on a line have a line an axis."""
    names = [f"a-network-with-a-name-so-long-that-few-fit-{letter}" for letter in "abcd"]
    text = BASE.replace(
        "\nscenarios:", "".join(f"\n  {name}: {{title: t, kind: direct}}" for name in names) + "\nscenarios:"
    )
    text = text.replace("networks: direct", f"networks: [direct, {', '.join(names)}]")
    told = {"": "fail", **{f"opens[{engine.engine}-websocket-direct": "pass" for engine in REQUIRED}}
    done = updated(text, seen(text, told, REQUIRED)).content.decode()
    lines = [f"      scenario: opens\n      transport: websocket\n      network: [{', '.join(names)}]\n"]
    assert f"  - cells:\n{lines[0]}    status: fail\n" in done


def test_names_that_yaml_would_misread_are_quoted() -> None:
    """A scenario called `null` is written so that it is read as a name."""
    text = BASE.replace("  opens:", "  'null':")
    done = updated(text, seen(text, {"": "pass", "null[": "fail"}, REQUIRED))
    assert '- cells: {scenario: "null"}\n' in done.content.decode()


# The file as a whole


def test_line_ends_and_byte_order_mark_stay() -> None:
    """A file from another system keeps its ways, and new lines follow them."""
    text = f"{BASE}expectations:\n" + entry(OPENS).replace("status: fail", "status:\n      - fail")
    changed = {"": "pass", "opens[chromium-websocket": "fail", "opens[webkit": "crash"}
    unix = updated(text, seen(text, changed, REQUIRED)).content
    foreign = "\ufeff" + text.replace("\n", "\r\n")
    assert updated(foreign, seen(text, changed, REQUIRED)).content == b"\xef\xbb\xbf" + unix.replace(b"\n", b"\r\n")


REFUSED = "matrix.yaml:14: expectations: cannot be edited as it is written; expected `expectations:` and below it one entry after each dash"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f"{BASE}expectations: [{{cells: {OPENS}, status: fail, because: so, see: docs/x.md}}]\n",
            REFUSED,
        ),
        (
            "{engines: [{name: chromium, required: true}, {name: webkit, required: true}], transports: [websocket],\n"
            " networks: {direct: {title: t, kind: direct}}, scenarios: {opens: {networks: direct}},\n"
            " expectations: []}\n",
            REFUSED.replace(":14:", ":3:"),
        ),
        (
            "{engines: [{name: chromium, required: true}, {name: webkit, required: true}], transports: [websocket],\n"
            " networks: {direct: {title: t, kind: direct}}, scenarios: {opens: {networks: direct}}}\n",
            "matrix.yaml: expectations: cannot be edited as it is written; expected one entry after each dash, each key"
            " on a line of its own",
        ),
        (
            f"{BASE}expectations:\n"
            + entry(OPENS).replace("status: fail", "status:\n      - fail  # why\n      - timeout"),
            "matrix.yaml:16: expectations[0].status: cannot be edited: a comment stands within the list; expected the list"
            " without it",
        ),
        (
            f"{BASE}expectations: []\n...\n# behind the end\n",
            "",
        ),
        (
            f"{BASE}...\n",
            "matrix.yaml: expectations: cannot be edited as it is written; expected one entry after each dash, each key"
            " on a line of its own",
        ),
    ],
)
def test_what_cannot_be_edited_is_refused(text: str, said: str) -> None:
    """A layout that an edit would have to rewrite is refused in a sentence; nobody's file is reformatted."""
    run = seen(text, {"": "crash"}, REQUIRED)
    if not said:
        assert updated(text, run).content.endswith(b"    see: TODO\n...\n# behind the end\n")
        return
    with pytest.raises(InvalidInput) as refusal:
        updated(text, run)
    assert str(refusal.value) == said


def test_a_layout_is_only_refused_if_it_must_be_edited() -> None:
    """A file that says what was seen is fine however it is written."""
    text = f"{BASE}expectations: [{{cells: {OPENS}, status: fail, because: so, see: docs/x.md}}]\n"
    assert after(text, opens="fail") == text


def test_nothing_is_given_away_that_says_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text is read again: if it does not say what was meant, or touches more, there is no outcome."""
    text = claims("scenario: opens, engine: webkit | fail")
    for spoil in (
        lambda done: done.replace("crash", "timeout"),
        lambda done: done.replace("in order", "in disorder").replace("an orderly", "a disorderly"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(renewal, "patched", lambda *told, spoil=spoil: spoil(patched(*told)))
            with pytest.raises(InvalidInput, match="cannot be edited as it is written"):
                after(text, opens="crash")
