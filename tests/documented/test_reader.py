"""The file of documentation: small, valid by its schema, the same after a round trip, and refused with a place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.documented.given import documents, feature
from wirematrix.documented import documentation, questions
from wirematrix.documented.counterparts import GTK_SERIES
from wirematrix.documented.model import BRANDS, Flag, Statement
from wirematrix.documented.prose import text_of
from wirematrix.documented.reader import parse, to_text
from wirematrix.errors import InvalidInput

FOLDER = Path(__file__).resolve().parents[2] / "wirematrix"
TEXT = (FOLDER / "documented.json").read_text(encoding="utf-8")
SCHEMA = json.loads((FOLDER / "schema/documented.schema.json").read_text(encoding="utf-8"))
MOST_BYTES = 60_000


def test_the_file_fits_its_schema_and_is_small() -> None:
    """What the package carries is valid, and light enough for a wheel."""
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(json.loads(TEXT))
    assert len(TEXT.encode()) < MOST_BYTES


def test_the_file_is_what_the_script_writes() -> None:
    """Nobody has edited it by hand: read and written again it is the same."""
    assert to_text(documentation()) == TEXT


def test_the_file_has_what_is_asked_for() -> None:
    """Every feature that a question is about is there, none is there for nothing, and all brands are."""
    found = documentation()
    assert tuple(found.features) == tuple(one.feature for one in questions().all), "run: python tools/documented.py"
    assert tuple(found.brands) == BRANDS
    assert (found.package, found.license) == ("@mdn/browser-compat-data", "CC0-1.0")
    notes = [
        note for one in found.features.values() for said in one.support.values() for each in said for note in each.notes
    ]
    assert notes
    assert not [note for note in notes if "</" in note or "&lt;" in note]


def test_the_safaris_beside_webkitgtk_are_releases() -> None:
    """A series is held against versions that the data has, the first of them from the days of the series' release."""
    releases = documentation().brands["safari"].releases
    for series in GTK_SERIES:
        assert set(series.safaris) <= set(releases)
        assert abs(int(releases[series.safaris[0]][5:7]) - int(series.released[5:7])) <= 1
        assert releases[series.safaris[0]][:4] == series.released[:4]


def test_a_round_trip_keeps_everything() -> None:
    """Flags, notes, links, other names, removals: all of a statement comes back."""
    whole = Statement(
        added="≤9",
        removed="preview",
        partial=True,
        renamed="-moz-",
        flags=(Flag(name="a", value="true"), Flag(name="b")),
        notes=("one", "<two>"),
        links=("https://bugzil.la/1",),
    )
    found = documents(api__Thing=feature(whole, Statement(added="")))
    assert parse(to_text(found), "file") == found


def broken(change: Callable[[dict[str, Any]], object]) -> str:
    """The text of a documentation after a change."""
    plain = json.loads(to_text(documents(api__Thing=feature(Statement(added="9")))))
    change(plain)
    return json.dumps(plain)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda plain: plain.update(schema=9), "file: schema: has version 9; expected version 1"),
        (lambda plain: plain.pop("license"), "key 'license' is missing"),
        (
            lambda plain: plain["features"]["api.Thing"].update(colour=1),
            "file: features.api.Thing: unknown key 'colour'",
        ),
        (
            lambda plain: plain["features"]["api.Thing"].update(support=[]),
            "file: features.api.Thing.support: got a list",
        ),
        (
            lambda plain: plain["features"]["api.Thing"]["support"]["chrome"][0].update(added=9),
            "file: features.api.Thing.support.chrome[0].added: got 9; expected text",
        ),
        (
            lambda plain: plain["features"]["api.Thing"]["support"]["chrome"][0].update(added="soon"),
            "file: features.api.Thing.support.chrome[0].added: 'soon' is no version; expected 17, 17.3, ≤17 or preview",
        ),
        (
            lambda plain: plain["features"]["api.Thing"]["support"].update(netscape=[]),
            "file: features.api.Thing.support: unknown brand 'netscape'; expected chrome, edge, firefox, safari",
        ),
        (
            lambda plain: plain["brands"]["edge"].update(releases={"9": "", "10": "", "9.1": ""}),
            "file: brands.edge.releases: is not in order",
        ),
        (lambda plain: plain["brands"]["edge"].update(releases={}), "file: brands.edge.releases: is empty"),
        (
            lambda plain: plain["brands"]["edge"].update(releases={"nine": ""}),
            "file: brands.edge.releases: 'nine' is no version",
        ),
    ],
)
def test_a_broken_file_is_refused_with_its_place(change: Callable[[dict[str, Any]], object], complaint: str) -> None:
    """What cannot be used is named by the way to it."""
    with pytest.raises(InvalidInput) as refusal:
        parse(broken(change), "file")
    assert complaint in str(refusal.value)


def test_the_schema_refuses_what_the_reader_refuses() -> None:
    """A version that is none, and a key that nobody knows, do not fit the schema."""
    validator = Draft202012Validator(SCHEMA)
    assert validator.is_valid(json.loads(broken(lambda plain: None)))
    for change in (
        lambda plain: plain["features"]["api.Thing"]["support"]["chrome"][0].update(added="soon"),
        lambda plain: plain["features"]["api.Thing"].update(colour=1),
        lambda plain: plain.update(license=""),
    ):
        assert not validator.is_valid(json.loads(broken(change)))


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<code>EventSource()</code> constructor", "EventSource() constructor"),
        ('See <a href="https://bugzil.la/711205">bug 711205</a>.', "See bug 711205 (https://bugzil.la/711205)."),
        ("ping of &lt;a&gt; &amp; <em>more</em>", "ping of <a> & more"),
        ("two\n  lines<br>and", "two lines and"),
        ("a < b and c > d", "a < b and c > d"),
        ("<script>alert(1)</script>after", "after"),
        ('<img src=x onerror="alert(1)">picture', "picture"),
        ("<a>without a target</a>", "without a target"),
        ("<b>never ended", "never ended"),
        ("</a></script>ended before it began", "ended before it began"),
        ("", ""),
    ],
)
def test_markup_becomes_text(markup: str, text: str) -> None:
    """Tags are taken out, references are read, a link says where it leads, and what runs is not there."""
    assert text_of(markup) == text
