"""Faults: what a proxy may do to a link, as frozen values. Nothing here touches a socket.

The words are the glossary's. A fault holds for live links and for new ones unless it says otherwise;
`direction` is `upstream` (page to server), `downstream` (server to page) or `both`. `str(fault)` is the
text that stands in a timeline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from wirematrix.errors import InvalidInput

Direction = Literal["upstream", "downstream"]
Directions = Literal["both", "upstream", "downstream"]
Cut = Literal["close", "reset"]

DIRECTIONS: Final[tuple[Directions, ...]] = ("both", "upstream", "downstream")
CUTS: Final[tuple[Cut, ...]] = ("close", "reset")
LONGEST_DELAY_MS: Final = 600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """FIN to both sides, after what was received has been forwarded. New links are accepted, then closed."""

    @property
    def how(self) -> Cut:
        """How a link is cut."""
        return "close"

    def __str__(self) -> str:
        return "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """RST to both sides; unsent bytes are discarded. New links are accepted, then reset."""

    @property
    def how(self) -> Cut:
        """How a link is cut."""
        return "reset"

    def __str__(self) -> str:
        return "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """New connections meet a closed port. Live links stay as they are."""

    def __str__(self) -> str:
        return "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """Stop reading and keep everything: lossless, and the senders feel real back-pressure. May heal."""

    direction: Directions = "both"

    def __post_init__(self) -> None:
        _one_of("Stall.direction", self.direction, DIRECTIONS)

    def hits(self, direction: Direction) -> bool:
        """Whether bytes going this way are held."""
        return self.direction in ("both", direction)

    def __str__(self) -> str:
        return _with_direction("stall", self.direction)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blackhole:
    """Read and discard, ends included. It never heals.

    TCP never loses the middle of a stream, so healing resets every link that was in it.
    """

    direction: Directions = "both"

    def __post_init__(self) -> None:
        _one_of("Blackhole.direction", self.direction, DIRECTIONS)

    def hits(self, direction: Direction) -> bool:
        """Whether bytes going this way are discarded."""
        return self.direction in ("both", direction)

    def __str__(self) -> str:
        return _with_direction("blackhole", self.direction)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncate:
    """Forward exactly `after_bytes` more downstream bytes, then cut the link as `how` says.

    Counted from the moment of application on a live link, from the open on a new one. The cut comes
    with the last of these bytes; it does not wait for a further one.
    """

    after_bytes: int
    how: Cut = "close"

    def __post_init__(self) -> None:
        _positive_int("Truncate.after_bytes", self.after_bytes)
        _one_of("Truncate.how", self.how, CUTS)

    def __str__(self) -> str:
        return f"truncate after {self.after_bytes} bytes, then {self.how}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Everything later, in order: `delay_ms` each way, give or take up to `jitter_ms` (at most `delay_ms`).

    Jitter is drawn from `seed`, the link's number and the direction, so a run can be repeated. It moves
    bytes apart or together and never past each other.
    """

    delay_ms: float
    jitter_ms: float = 0
    seed: int = 0

    def __post_init__(self) -> None:
        _milliseconds("Latency.delay_ms", self.delay_ms, most=LONGEST_DELAY_MS)
        _milliseconds("Latency.jitter_ms", self.jitter_ms, most=self.delay_ms)
        if type(self.seed) is not int:
            raise InvalidInput("faults: Latency.seed", f"expected an int, got {self.seed!r}")

    def __str__(self) -> str:
        jitter = f" ± {self.jitter_ms:g} ms (seed {self.seed})" if self.jitter_ms else ""
        return f"latency {self.delay_ms:g} ms{jitter}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """At most `bytes_per_s` in each direction of each link."""

    bytes_per_s: int

    def __post_init__(self) -> None:
        _positive_int("Throttle.bytes_per_s", self.bytes_per_s)

    def __str__(self) -> str:
        return f"throttle {self.bytes_per_s} bytes/s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """Everything in pieces of 1 to `bytes_at_most` bytes, each `pause_ms` or more after the one before it.

    The sizes are drawn from `seed`, the link's number and the direction, so a run can be repeated.
    """

    bytes_at_most: int
    pause_ms: float = 1
    seed: int = 0

    def __post_init__(self) -> None:
        _positive_int("Slices.bytes_at_most", self.bytes_at_most)
        _milliseconds("Slices.pause_ms", self.pause_ms, most=LONGEST_DELAY_MS)
        if type(self.seed) is not int:
            raise InvalidInput("faults: Slices.seed", f"expected an int, got {self.seed!r}")

    def __str__(self) -> str:
        return f"slices of 1 to {self.bytes_at_most} bytes, {self.pause_ms:g} ms apart (seed {self.seed})"


Fault = Close | Reset | Refuse | Stall | Blackhole | Truncate | Latency | Throttle | Slices

FAULTS: Final[Mapping[str, type[Fault]]] = {
    "close": Close,
    "reset": Reset,
    "refuse": Refuse,
    "stall": Stall,
    "blackhole": Blackhole,
    "truncate": Truncate,
    "latency": Latency,
    "throttle": Throttle,
    "slices": Slices,
}


def _with_direction(word: str, direction: Directions) -> str:
    return word if direction == "both" else f"{word} {direction}"


def _one_of(field: str, got: object, accepted: tuple[str, ...]) -> None:
    if got not in accepted:
        choices = f"{', '.join(accepted[:-1])} or {accepted[-1]}"
        raise InvalidInput(f"faults: {field}", f"expected {choices}, got {got!r}")


def _positive_int(field: str, got: object) -> None:
    if type(got) is not int or got <= 0:
        raise InvalidInput(f"faults: {field}", f"expected a positive int, got {got!r}")


def _milliseconds(field: str, got: object, *, most: float) -> None:
    if not isinstance(got, int | float) or isinstance(got, bool) or not 0 <= got <= most:
        raise InvalidInput(f"faults: {field}", f"expected a number from 0 to {most:g}, got {got!r}")
