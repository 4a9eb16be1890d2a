"""Measures of delivery to several subscribers of one page: one percentile over all of them, or no record."""

from __future__ import annotations

import pytest

from tests.timelines import page, server, story
from wirematrix import measures
from wirematrix.model import Observation


def came(stream: str, *delays: float) -> list[Observation]:
    """Messages of one stream, pushed a second apart, each so late."""
    return [
        seen
        for seq, late in enumerate(delays, start=1)
        for seen in (
            server(1000.0 * seq, "pushed", stream=stream, seq=seq),
            page(1000.0 * seq + late, "message", stream=stream, seq=seq),
        )
    ]


@pytest.mark.parametrize(("share", "expected"), [(50, (5.0,)), (99, (67.4,))])
def test_the_percentile_is_over_all_subscribers(share: int, expected: tuple[float, ...]) -> None:
    """The messages of all subscribers are one set: a late one of any of them counts."""
    told = story(*sorted([*came("a", 5, 5, 5), *came("b", 4, 70)], key=lambda seen: seen.at_ms))
    fact = measures.delay_over_all_ms("1 per second", ("a", "b"), share=share).fact(told)
    assert fact.name == f"delay_of_2_p{share}_1_per_second_ms"
    assert fact.observed == expected


def test_a_silent_subscriber_is_no_record() -> None:
    """Where one of them heard nothing, the percentile of the others would hide it."""
    assert measures.delay_over_all_ms("x", ("a", "b"), share=50).fact(story(*came("a", 5))).observed == ()
