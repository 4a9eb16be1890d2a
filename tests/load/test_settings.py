"""What a comparison is asked to do: defaults, `load:` in the matrix, options, and mistakes in both."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.small_matrix import BASE
from wirematrix.errors import InvalidInput
from wirematrix.load_settings import KEYS, RANGES, TIERS, LoadSettings, overridden, scaled
from wirematrix.matrix import parse

SCHEMA = json.loads((Path(__file__).parents[2] / "wirematrix/schema/matrix.schema.json").read_text(encoding="utf-8"))
LOAD = SCHEMA["properties"]["load"]


def loaded(text: str) -> LoadSettings:
    """The settings of a matrix with these lines under `load:`."""
    return parse(f"{BASE}load:\n  {text}\n".encode(), "m.yaml").load


def test_without_load_the_defaults_hold() -> None:
    """A matrix that says nothing about load asks for what is built in."""
    assert parse(BASE.encode(), "m.yaml").load == LoadSettings()


def test_file_is_read() -> None:
    """Numbers, lists and names are taken as they are written."""
    found = loaded("subscribers: [1, 20]\n  rate: 5\n  tiers: [raw-sse, app-sse]\n  repeats: 7")
    assert found == LoadSettings(subscribers=(1, 20), rate=5.0, tiers=("raw-sse", "app-sse"), repeats=7)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("speed: 5", "load.speed: unknown key 'speed'"),
        ("rate: fast", "load.rate: got 'fast'; expected a number from 0.1 to 100000"),
        ("rate: true", "load.rate: got true; expected a number from 0.1 to 100000"),
        ("repeats: 0", "load.repeats: got 0; expected a whole number from 1 to 1000"),
        ("repeats: 1.5", "load.repeats: got 1.5; expected a whole number from 1 to 1000"),
        ("payload: 10", "load.payload: got 10; expected a whole number from 64 to"),
        ("subscribers: []", "load.subscribers: no number of subscribers is listed"),
        ("subscribers: [10, 10]", "load.subscribers[1]: 10 is listed twice; expected each once"),
        ("subscribers: [0]", "load.subscribers[0]: got 0; expected a whole number from 1 to 100000"),
        ("tiers: [raw-ssee]", "unknown tier 'raw-ssee' (did you mean 'raw-sse'?)"),
    ],
)
def test_mistake_in_the_file_is_named_with_its_line(text: str, complaint: str) -> None:
    """File, line, key, value and what is accepted; the schema refuses the same."""
    with pytest.raises(InvalidInput) as mistake:
        loaded(text)
    assert complaint in str(mistake.value)
    line = len(BASE.splitlines()) + 2
    assert str(mistake.value).startswith(f"m.yaml:{line}")


def test_schema_knows_the_same_keys_and_ranges() -> None:
    """The schema of matrix.yaml and the program accept the same keys, numbers and tiers."""
    assert set(LOAD["properties"]) == set(KEYS)
    for key, accepted in RANGES.items():
        said = LOAD["properties"][key]
        said = said["oneOf"][0] if "oneOf" in said else said
        assert (said["minimum"], said["maximum"]) == (accepted.low, accepted.high)
        assert (said["type"] == "integer") == accepted.whole
    assert tuple(LOAD["properties"]["tiers"]["oneOf"][0]["enum"]) == TIERS
    jsonschema.validate({"subscribers": [1], "rate": 2.5}, LOAD)


def test_options_win() -> None:
    """What is said on the command line replaces what the file says; the rest stays."""
    written = LoadSettings(rate=5.0, repeats=7)
    found = overridden(written, {"rate": 9.0, "repeats": None, "subscribers": "3, 4", "tiers": "app-sse"})
    assert found == LoadSettings(rate=9.0, repeats=7, subscribers=(3, 4), tiers=("app-sse",))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"subscribers": "ten"}, "--subscribers: got 'ten'; expected a whole number from 1 to 100000, or several"),
        ({"subscribers": ","}, "--subscribers: got ','; expected at least one, separated by commas"),
        ({"subscribers": "5,5"}, "--subscribers: '5' is there twice; expected each once"),
        ({"rate": 0.0}, "--rate: got 0.0; expected a number from 0.1 to 100000"),
        ({"warm_up": -1.0}, "--warm-up: got -1.0; expected a number from 0 to 600"),
        ({"tiers": "app-see"}, "--tiers: unknown tier 'app-see' (did you mean 'app-sse'?); expected raw-sse, "),
    ],
)
def test_mistake_in_an_option_is_named(options: dict[str, object], complaint: str) -> None:
    """The option, the value and what is accepted."""
    with pytest.raises(InvalidInput) as mistake:
        overridden(LoadSettings(), options)
    assert str(mistake.value).startswith(complaint)


def test_scale_adds_the_larger_numbers() -> None:
    """500 and 1,000 subscribers come to those that are asked for, each once."""
    assert scaled(LoadSettings()).subscribers == (10, 50, 100, 500, 1000)
    assert scaled(LoadSettings(subscribers=(500,))).subscribers == (500, 1000)
