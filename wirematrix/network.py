"""A network condition as `matrix.yaml` describes it: the recipe for "the break", as frozen values.

A recipe says what happens between page and app; it does nothing itself. The fault proxy and the app process
act on it. Three families:

    Direct     nothing is between page and app but the proxy that records
    Standing   holds for the whole attempt: Latency, Throttle, Slices
    Break      begins when the scenario says so: Close, Reset, Truncate, Refuse, Stall, Blackhole, PacketLoss, Restart
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, cast

from wirematrix.model import RELATIONS
from wirematrix.nodes import Node
from wirematrix.routing import Via, parse_via

Direction = Literal["both", "upstream", "downstream"]
Ending = Literal["close", "reset"]
Signal = Literal["term", "kill"]

DIRECTIONS: Final = ("both", "upstream", "downstream")  # upstream: page to app
ENDINGS: Final = ("close", "reset")
SIGNALS: Final = ("term", "kill")
LONGEST_MS: Final = 600_000
MOST_BYTES: Final = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """No fault at all."""

    kind: ClassVar[str] = "direct"


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Every byte arrives `delay_ms` later, give or take `jitter_ms`, in order."""

    kind: ClassVar[str] = "latency"
    delay_ms: int
    jitter_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """No more than `bytes_per_s` pass."""

    kind: ClassVar[str] = "throttle"
    bytes_per_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """Everything passes in pieces of 1 to `bytes_at_most` bytes, `pause_ms` or more apart."""

    kind: ClassVar[str] = "slices"
    bytes_at_most: int
    pause_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """Live links end with a FIN; new ones are served."""

    kind: ClassVar[str] = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """Live links end with a RST; new ones are served."""

    kind: ClassVar[str] = "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncate:
    """Live links end `after_bytes` more bytes towards the page, in the middle of whatever was being sent."""

    kind: ClassVar[str] = "truncate"
    after_bytes: int
    how: Ending


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """Nobody listens for `for_ms`; in "the break" live links are reset first."""

    kind: ClassVar[str] = "refuse"
    for_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """Links stay, nothing moves in `direction`, nothing is lost: heals, not before `for_ms` if that is said."""

    kind: ClassVar[str] = "stall"
    direction: Direction
    for_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Blackhole:
    """Links stay, everything in `direction` is swallowed: never heals, ends in a cut."""

    kind: ClassVar[str] = "blackhole"
    direction: Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketLoss:
    """Links stay, every packet is lost both ways, none is acknowledged: heals, not before `for_ms` if that is said."""

    kind: ClassVar[str] = "packet-loss"
    for_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """The app process gets `signal` and serves again on the same port `down_ms` after it ended."""

    kind: ClassVar[str] = "restart"
    signal: Signal
    down_ms: int


Standing = Latency | Throttle | Slices
Break = Close | Reset | Truncate | Refuse | Stall | Blackhole | PacketLoss | Restart
Recipe = Direct | Standing | Break


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A named network condition: the value of a cell's `network` axis."""

    name: str
    title: str  # one line, for reports
    recipe: Recipe
    via: Via | None = None  # the route over which it leads

    @property
    def kind(self) -> str:
        """The recipe's word in `matrix.yaml`."""
        return self.recipe.kind


def parse(name: str, node: Node) -> Network:
    """The network written at `node`; InvalidInput names the line of what cannot be used."""
    entries = node.entries()
    if "kind" not in entries:
        raise node.wrong("key 'kind' is missing", expected="title and kind")
    if name.endswith(RELATIONS):
        raise node.wrong(f"{name!r} ends as a cell across origins does", expected="another name for the network")
    recipe = RECIPES[entries["kind"].one_of("kind", KINDS)](node)
    via = parse_via(entries["via"]) if "via" in entries else None
    if via and isinstance(recipe, PacketLoss):
        raise entries["via"].wrong("packets are lost on the way to a server, which no route is", expected="no via")
    return Network(name=name, title=entries["title"].line_of_text(), recipe=recipe, via=via)


def _own(node: Node, *keys: str, optional: Sequence[str] = ()) -> Mapping[str, Node]:
    return node.fields(("title", "kind", *keys), (*optional, "via"))


def _direct(node: Node) -> Direct:
    _own(node)
    return Direct()


def _latency(node: Node) -> Latency:
    own = _own(node, "delay_ms", "jitter_ms")
    delay_ms = own["delay_ms"].whole(1, LONGEST_MS)
    return Latency(delay_ms=delay_ms, jitter_ms=own["jitter_ms"].whole(0, delay_ms))


def _throttle(node: Node) -> Throttle:
    return Throttle(bytes_per_s=_own(node, "bytes_per_s")["bytes_per_s"].whole(1, MOST_BYTES))


def _slices(node: Node) -> Slices:
    own = _own(node, "bytes_at_most", "pause_ms")
    bytes_at_most = own["bytes_at_most"].whole(1, MOST_BYTES)
    return Slices(bytes_at_most=bytes_at_most, pause_ms=own["pause_ms"].whole(0, LONGEST_MS))


def _close(node: Node) -> Close:
    _own(node)
    return Close()


def _reset(node: Node) -> Reset:
    _own(node)
    return Reset()


def _truncate(node: Node) -> Truncate:
    own = _own(node, "after_bytes", "how")
    how = cast(Ending, own["how"].one_of("ending", ENDINGS))
    return Truncate(after_bytes=own["after_bytes"].whole(1, MOST_BYTES), how=how)


def _refuse(node: Node) -> Refuse:
    return Refuse(for_ms=_own(node, "for_ms")["for_ms"].whole(1, LONGEST_MS))


def _stall(node: Node) -> Stall:
    own = _own(node, "direction", optional=("for_ms",))
    direction = cast(Direction, own["direction"].one_of("direction", DIRECTIONS))
    return Stall(direction=direction, for_ms=own["for_ms"].whole(1, LONGEST_MS) if "for_ms" in own else 0)


def _blackhole(node: Node) -> Blackhole:
    return Blackhole(direction=_direction(node))


def _packet_loss(node: Node) -> PacketLoss:
    own = _own(node, optional=("for_ms",))
    return PacketLoss(for_ms=own["for_ms"].whole(1, LONGEST_MS) if "for_ms" in own else 0)


def _restart(node: Node) -> Restart:
    own = _own(node, "signal", "down_ms")
    signal = cast(Signal, own["signal"].one_of("signal", SIGNALS))
    return Restart(signal=signal, down_ms=own["down_ms"].whole(0, LONGEST_MS))


def _direction(node: Node) -> Direction:
    return cast(Direction, _own(node, "direction")["direction"].one_of("direction", DIRECTIONS))


RECIPES: Final[Mapping[str, Callable[[Node], Recipe]]] = {
    "direct": _direct,
    "latency": _latency,
    "throttle": _throttle,
    "slices": _slices,
    "close": _close,
    "reset": _reset,
    "truncate": _truncate,
    "refuse": _refuse,
    "stall": _stall,
    "blackhole": _blackhole,
    "packet-loss": _packet_loss,
    "restart": _restart,
}
KINDS: Final = tuple(RECIPES)
