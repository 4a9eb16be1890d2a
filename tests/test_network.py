"""Network conditions: what a recipe in matrix.yaml becomes."""

from __future__ import annotations

from typing import get_args

import pytest

from wirematrix import network, yamlfile
from wirematrix.errors import InvalidInput
from wirematrix.network import KINDS, Break, Direct, Recipe, Standing

KIND_AND_RECIPE: list[tuple[str, Recipe]] = [
    ("kind: direct", network.Direct()),
    ("kind: latency, delay_ms: 150, jitter_ms: 50", network.Latency(delay_ms=150, jitter_ms=50)),
    ("kind: throttle, bytes_per_s: 65536", network.Throttle(bytes_per_s=65536)),
    ("kind: slices, bytes_at_most: 64, pause_ms: 1", network.Slices(bytes_at_most=64, pause_ms=1)),
    ("kind: close", network.Close()),
    ("kind: reset", network.Reset()),
    ("kind: truncate, after_bytes: 40, how: reset", network.Truncate(after_bytes=40, how="reset")),
    ("kind: refuse, for_ms: 2000", network.Refuse(for_ms=2000)),
    ("kind: stall, direction: upstream", network.Stall(direction="upstream")),
    ("kind: blackhole, direction: both", network.Blackhole(direction="both")),
    ("kind: packet-loss", network.PacketLoss()),
    ("kind: restart, signal: kill, down_ms: 0", network.Restart(signal="kill", down_ms=0)),
]


def parsed(written: str) -> network.Network:
    """The network that a line of matrix.yaml describes."""
    return network.parse("odd", yamlfile.parse(f"{{title: an odd one, {written}}}".encode(), "matrix.yaml"))


@pytest.mark.parametrize(("written", "recipe"), KIND_AND_RECIPE)
def test_each_kind_becomes_its_recipe(written: str, recipe: Recipe) -> None:
    """A kind with exactly its own figures becomes a value of its own type."""
    found = parsed(written)
    assert (found.name, found.title, found.recipe) == ("odd", "an odd one", recipe)
    assert found.kind == recipe.kind


def test_every_kind_is_tried_and_belongs_to_one_family() -> None:
    """No kind is missing above, and each is direct, standing or a break."""
    assert tuple(recipe.kind for _, recipe in KIND_AND_RECIPE) == KINDS
    families = [Direct, *get_args(Standing), *get_args(Break)]
    assert [type(recipe) for _, recipe in KIND_AND_RECIPE] == families


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("kind: drop", "kind: unknown kind 'drop'; expected " + ", ".join(KINDS[:-1]) + " or restart"),
        ("kind: close, for_ms: 5", "for_ms: unknown key 'for_ms'; expected title, kind or via"),
        ("kind: refuse", "key 'for_ms' is missing; expected title, kind and for_ms"),
        ("kind: refuse, for_ms: 0", "for_ms: got 0; expected a whole number from 1 to 600000"),
        ("kind: refuse, for_ms: 1.5", "for_ms: got 1.5; expected a whole number from 1 to 600000"),
        ("kind: refuse, for_ms: true", "for_ms: got true; expected a whole number from 1 to 600000"),
        (
            "kind: latency, delay_ms: 10, jitter_ms: 11",
            "jitter_ms: got 11; expected a whole number from 0 to 10",
        ),
        ("kind: stall, direction: up", "direction: unknown direction 'up'; expected both, upstream or downstream"),
        ("kind: truncate, after_bytes: 1, how: rst", "how: unknown ending 'rst' (did you mean 'reset'?); expected"),
        ("kind: restart, signal: hup, down_ms: 1", "signal: unknown signal 'hup'; expected term or kill"),
        ("kind: restart, signal: 9, down_ms: 1", "signal: got 9; expected term or kill"),
        ("name: close", "key 'kind' is missing; expected title and kind"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(written: str, said: str) -> None:
    """A wrong kind, a figure that is missing, out of range or not its own: the answer names key and range."""
    with pytest.raises(InvalidInput) as refusal:
        parsed(written)
    assert str(refusal.value).startswith(f"matrix.yaml:1: {said}")


def test_a_title_is_one_line() -> None:
    """A title stands in tables, so it cannot go over lines, and it cannot be left out."""
    for title in ('"two\\nlines"', '""', "[a]"):
        with pytest.raises(InvalidInput, match=r"^matrix\.yaml:1: title: got "):
            network.parse("odd", yamlfile.parse(f"{{title: {title}, kind: close}}".encode(), "matrix.yaml"))
    with pytest.raises(InvalidInput, match="key 'title' is missing"):
        network.parse("odd", yamlfile.parse(b"{kind: close}", "matrix.yaml"))
