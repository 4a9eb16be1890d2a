"""Faults are values: equality, the text a timeline shows, and what cannot be built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError

import pytest

from wirematrix.errors import InvalidInput
from wirematrix.faults import (
    DIRECTIONS,
    FAULTS,
    Blackhole,
    Close,
    Fault,
    Latency,
    Refuse,
    Reset,
    Slices,
    Stall,
    Throttle,
    Truncate,
)

TEXTS: list[tuple[Fault, str]] = [
    (Close(), "close"),
    (Reset(), "reset"),
    (Refuse(), "refuse"),
    (Stall(), "stall"),
    (Stall(direction="upstream"), "stall upstream"),
    (Blackhole(), "blackhole"),
    (Blackhole(direction="downstream"), "blackhole downstream"),
    (Truncate(after_bytes=10), "truncate after 10 bytes, then close"),
    (Truncate(after_bytes=1, how="reset"), "truncate after 1 bytes, then reset"),
    (Latency(delay_ms=100), "latency 100 ms"),
    (Latency(delay_ms=100, jitter_ms=2.5, seed=7), "latency 100 ms ± 2.5 ms (seed 7)"),
    (Throttle(bytes_per_s=4096), "throttle 4096 bytes/s"),
    (Slices(bytes_at_most=64, pause_ms=2.5, seed=7), "slices of 1 to 64 bytes, 2.5 ms apart (seed 7)"),
]

MISTAKES: list[tuple[Callable[[], Fault], str]] = [
    (lambda: Throttle(bytes_per_s=0), "faults: Throttle.bytes_per_s: expected a positive int, got 0"),
    (lambda: Throttle(bytes_per_s=True), "faults: Throttle.bytes_per_s: expected a positive int, got True"),
    (lambda: Slices(bytes_at_most=0), "faults: Slices.bytes_at_most: expected a positive int, got 0"),
    (
        lambda: Slices(bytes_at_most=1, pause_ms=-1),
        "faults: Slices.pause_ms: expected a number from 0 to 600000, got -1",
    ),
    (lambda: Slices(bytes_at_most=1, seed=True), "faults: Slices.seed: expected an int, got True"),
    (lambda: Truncate(after_bytes=-1), "faults: Truncate.after_bytes: expected a positive int, got -1"),
    (
        lambda: Truncate(after_bytes=1, how="fin"),  # type: ignore[arg-type]
        "faults: Truncate.how: expected close or reset, got 'fin'",
    ),
    (
        lambda: Stall(direction="up"),  # type: ignore[arg-type]
        "faults: Stall.direction: expected both, upstream or downstream, got 'up'",
    ),
    (
        lambda: Blackhole(direction=""),  # type: ignore[arg-type]
        "faults: Blackhole.direction: expected both, upstream or downstream, got ''",
    ),
    (lambda: Latency(delay_ms=-1), "faults: Latency.delay_ms: expected a number from 0 to 600000, got -1"),
    (
        lambda: Latency(delay_ms=float("nan")),
        "faults: Latency.delay_ms: expected a number from 0 to 600000, got nan",
    ),
    (
        lambda: Latency(delay_ms=5, jitter_ms=6),
        "faults: Latency.jitter_ms: expected a number from 0 to 5, got 6",
    ),
    (
        lambda: Latency(delay_ms=5, seed="x"),  # type: ignore[arg-type]
        "faults: Latency.seed: expected an int, got 'x'",
    ),
]


@pytest.mark.parametrize(("fault", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_text_names_fault_and_numbers(fault: Fault, text: str) -> None:
    """A fault's text is its glossary word and the numbers that matter."""
    assert str(fault) == text


@pytest.mark.parametrize(("build", "text"), MISTAKES, ids=[text for _, text in MISTAKES])
def test_mistake_names_field_and_value(build: Callable[[], Fault], text: str) -> None:
    """A fault that makes no sense cannot be built; the error names the field, what is accepted and what came."""
    with pytest.raises(InvalidInput) as caught:
        build()
    assert str(caught.value) == text


def test_faults_are_values() -> None:
    """Equal settings make equal faults that can be keys and never change."""
    assert Stall(direction="upstream") == Stall(direction="upstream") != Stall()
    assert len({Latency(delay_ms=1), Latency(delay_ms=1), Latency(delay_ms=1, seed=1)}) == 2
    with pytest.raises(FrozenInstanceError):
        Throttle(bytes_per_s=1).bytes_per_s = 2  # type: ignore[misc]


def test_every_fault_has_its_word() -> None:
    """The table of words holds every fault once, under the first word of its text."""
    assert set(FAULTS.values()) == {type(fault) for fault, _ in TEXTS}
    for fault, text in TEXTS:
        assert FAULTS[text.split(maxsplit=1)[0]] is type(fault)


@pytest.mark.parametrize("fault", [Stall, Blackhole])
def test_direction_says_which_bytes_are_hit(fault: type[Stall | Blackhole]) -> None:
    """`both` hits each direction, the others only their own."""
    hit = {
        direction: (fault(direction=direction).hits("upstream"), fault(direction=direction).hits("downstream"))
        for direction in DIRECTIONS
    }
    assert hit == {"both": (True, True), "upstream": (True, False), "downstream": (False, True)}
