"""What a load comparison is asked to do: from `load:` in matrix.yaml, then from options, which win.

Every value has a default, so `wirematrix load` needs no argument. A mistake is InvalidInput with the place: the line
and key of the file, or the option.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, TypeVar

from wirematrix.errors import InvalidInput
from wirematrix.nodes import Node, choice, unknown

Value = TypeVar("Value")
TIERS: Final = (
    "raw-sse",
    "raw-websocket",
    "app-sse",
    "app-websocket",
    "app-websocket-deflate",
    "sse-starlette",
    "sse-starlette-encoded",
    "sse-starlette-gzip",
    "websocket",
    "websocket-wsproto",
    "websocket-deflate",
)
SCALE: Final = (500, 1_000)  # what --scale adds
MOST_SUBSCRIBERS: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSettings:
    """Numbers that hold for every round."""

    subscribers: tuple[int, ...] = (10, 50, 100)
    rate: float = 25.0  # messages per second
    payload: int = 200  # bytes of one message's data
    window: float = 0.8  # seconds
    warm_up: float = 0.1  # seconds
    repeats: int = 3
    seed: int = 1
    tiers: tuple[str, ...] = ()  # none named: all
    opening_at_once: int = 10
    storm_delay_ms: int = 100
    heartbeat_ms: int = 1_000
    in_flight: int = 64  # messages on their way at saturation
    generators: int = 1  # processes that receive

    @property
    def warm_up_messages(self) -> int:
        """How many messages at the fixed rate are left out."""
        return max(1, round(self.rate * self.warm_up))

    @property
    def window_messages(self) -> int:
        """How many are counted."""
        return max(1, round(self.rate * self.window))


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What a number may be."""

    low: float
    high: float
    whole: bool

    @property
    def expected(self) -> str:
        """In words."""
        return f"a {'whole ' if self.whole else ''}number from {self.low:g} to {self.high:g}"

    def holds(self, number: object) -> bool:
        """Whether it is one."""
        kinds = int if self.whole else (int, float)
        return not isinstance(number, bool) and isinstance(number, kinds) and self.low <= number <= self.high


RANGES: Final[Mapping[str, Range]] = {
    "subscribers": Range(low=1, high=MOST_SUBSCRIBERS, whole=True),
    "rate": Range(low=0.1, high=100_000, whole=False),
    "payload": Range(low=64, high=1 << 20, whole=True),
    "window": Range(low=0.1, high=3_600, whole=False),
    "warm_up": Range(low=0, high=600, whole=False),
    "repeats": Range(low=1, high=1_000, whole=True),
    "seed": Range(low=0, high=2**32 - 1, whole=True),
    "opening_at_once": Range(low=1, high=10_000, whole=True),
    "storm_delay_ms": Range(low=0, high=60_000, whole=True),
    "heartbeat_ms": Range(low=10, high=60_000, whole=True),
    "in_flight": Range(low=1, high=10_000, whole=True),
    "generators": Range(low=1, high=64, whole=True),
}
LISTS: Final = ("subscribers", "tiers")
KEYS: Final = tuple(each.name for each in fields(LoadSettings))


def parse(node: Node | None) -> LoadSettings:
    """The settings that a file's `load:` asks for; None: there is none."""
    if node is None:
        return LoadSettings()
    values: dict[str, Any] = {}
    for key, entry in node.fields((), KEYS).items():
        if key == "tiers":
            values[key] = entry.some_of("tier", TIERS)
        elif key == "subscribers":
            values[key] = _subscribers(entry)
        else:
            values[key] = _number(entry, RANGES[key])
    return LoadSettings(**values)


def overridden(settings: LoadSettings, options: Mapping[str, object]) -> LoadSettings:
    """The same with what was said on the command line, by key; None was not said. InvalidInput names the option."""
    said = {key: value for key, value in options.items() if value is not None}
    for key, value in said.items():
        said[key] = _option(key, value)
    return replace(settings, **said)  # type: ignore[arg-type]


def _option(key: str, value: object) -> object:
    where = f"--{key.replace('_', '-')}"
    if key == "tiers":
        return _once(where, _words(where, str(value)), lambda word: _tier(where, word))
    if key == "subscribers":
        return _once(where, _words(where, str(value)), lambda word: _count(where, word))
    if not RANGES[key].holds(value):
        raise InvalidInput(where, f"got {value!r}", expected=RANGES[key].expected)
    return value


def scaled(settings: LoadSettings) -> LoadSettings:
    """The same with the larger numbers of subscribers, too."""
    return replace(settings, subscribers=tuple(sorted({*settings.subscribers, *SCALE})))


def _subscribers(node: Node) -> tuple[int, ...]:
    nodes = node.items() if isinstance(node.value, tuple) else (node,)
    if not nodes:
        raise node.wrong("no number of subscribers is listed", expected=RANGES["subscribers"].expected)
    found: list[int] = []
    for each in nodes:
        number = each.whole(1, MOST_SUBSCRIBERS)
        if number in found:
            raise each.wrong(f"{number} is listed twice", expected="each once")
        found.append(number)
    return tuple(found)


def _number(node: Node, accepted: Range) -> float | int:
    if not accepted.holds(node.value):
        raise node.mismatch(accepted.expected)
    assert isinstance(node.value, int | float)  # noqa: S101 - the range holds nothing else
    return node.value if accepted.whole else float(node.value)


def _words(where: str, text: str) -> list[str]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise InvalidInput(where, f"got {text!r}", expected="at least one, separated by commas")
    return words


def _once(where: str, words: list[str], read: Callable[[str], Value]) -> tuple[Value, ...]:
    found: list[Value] = []
    for word in words:
        value = read(word)
        if value in found:
            raise InvalidInput(where, f"{word!r} is there twice", expected="each once")
        found.append(value)
    return tuple(found)


def _count(where: str, word: str) -> int:
    number = int(word) if word.isdecimal() and len(word) < 10 else -1
    if not RANGES["subscribers"].holds(number):
        raise InvalidInput(where, f"got {word!r}", expected=f"{RANGES['subscribers'].expected}, or several")
    return number


def _tier(where: str, word: str) -> str:
    if word not in TIERS:
        raise InvalidInput(where, unknown("tier", word, TIERS), expected=choice(TIERS))
    return word
