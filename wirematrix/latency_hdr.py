"""Delivery latencies as HDR histograms: microseconds in, percentiles out; base64 as HdrHistogram encodes it.

Three significant digits from 1 us to an hour: a percentile is at most 0.1 % off. Histograms of several rounds are
merged by adding their counts, which percentiles cannot be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from hdrh.histogram import HdrHistogram

from wirematrix.errors import InvalidInput

LOWEST_US: Final = 1
HIGHEST_US: Final = 3_600_000_000
DIGITS: Final = 3


def encoded(counts: Mapping[int, int]) -> str:
    """How often each latency (us) was seen, as base64; "" without any. What is out of range counts as its end."""
    if not any(counts.values()):
        return ""
    histogram = HdrHistogram(LOWEST_US, HIGHEST_US, DIGITS)
    for latency_us, count in counts.items():
        histogram.record_value(min(max(latency_us, LOWEST_US), HIGHEST_US), count)
    return str(histogram.encode().decode("ascii"))


def merged(histograms: Iterable[str]) -> str:
    """Several as one; InvalidInput if one cannot be read."""
    whole = HdrHistogram(LOWEST_US, HIGHEST_US, DIGITS)
    for text in filter(None, histograms):
        whole.add(_decoded(text))
    return str(whole.encode().decode("ascii")) if whole.get_total_count() else ""


def percentiles_ms(histogram: str, shares: Iterable[float]) -> tuple[float, ...]:
    """The latency (ms) that this share of the deliveries had or stayed under (50 for the median); nothing for ""."""
    if not histogram:
        return ()
    asked = tuple(map(float, shares))
    found = _decoded(histogram).get_percentile_to_value_dict(asked)  # all of them in one go over the counts
    return tuple(found[share] / 1000 for share in asked)


def count(histogram: str) -> int:
    """How many deliveries it has."""
    return int(_decoded(histogram).get_total_count()) if histogram else 0


@lru_cache(maxsize=8)  # nobody changes one; a curve reads each several times in a row
def _decoded(text: str) -> HdrHistogram:
    try:
        return HdrHistogram.decode(text)
    except Exception as error:  # the library raises what zlib, base64 and ctypes raise, and its own
        raise InvalidInput("latency_hdr", f"cannot be read: {error}", expected="an HDR histogram in base64") from error
