"""How the sentences at the top of a report name scenarios, transports and engines.

A scenario that is not in the table is quoted by its title, so the table can be incomplete and never wrong about a
scenario it does not know. A phrase says what its scenario's title says, with the engine or the policy as subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from wirematrix.report.views import EngineView

PHRASES: Final[Mapping[str, str]] = {  # {it}: what is opened again; {over}: over which transports
    "opens_late": "reaches a server that listens only later{over}",
    "notices_the_break": "notices a broken connection{over}",
    "reopens_after_the_break": "reopens {it} after the connection breaks",
    "resumes_without_a_gap": "resumes {it} without a gap after a break",
    "survives_five_breaks": "brings {it} through five breaks in a row",
    "honours_the_retry_delay": "honours the server's reconnect delay{over}",
    "survives_a_restart": "brings {it} through a restart of the server",
    "notices_silence": "notices silence{over}",
    "learns_of_lost_history": "tells{over} that messages are gone",
    "recovers_from_a_503": "comes back{over} after a 503",
    "returns_after_eight_seconds_refused": "comes back{over} after eight seconds of refusal",
    "loses_nothing_in_an_outage": "delivers{over} all that was published in an outage",
    "rides_out_a_glitch": "rides out a glitch{over}",
    "learns_of_a_new_epoch": "tells{over} that a new server took over",
}
TRANSPORT_NAMES: Final[Mapping[str, str]] = {"eventsource": "EventSource", "websocket": "WebSocket"}
WAYS_NAMED: Final = 5


def phrase(scenario: str, *, over: Sequence[str] = (), bare: bool = False) -> str:
    """What a scenario claims as a verb and its objects; over some transports if they are named; empty if unknown."""
    template = PHRASES.get(scenario, "")
    if not template:
        return ""
    named = joined(map(transport_name, over), "or")
    named = f"bare {named}" if bare and named else named
    return template.format(it=named or "a stream", over=f" over {named}" if named else "")


def transport_name(transport: str) -> str:
    """The name people know a transport by, with its `+` where it is wrapped by the resilient policy."""
    bare = transport.removesuffix("+")
    return TRANSPORT_NAMES.get(bare, bare) + transport[len(bare) :]


def short_name(engine: EngineView) -> str:
    """Product and release, which tells builds apart in a sentence: 156 of Chromium, 2.50 of WebKitGTK."""
    parts = 2 if engine.build.engine == "webkit" else 1
    return f"{engine.build.product} {'.'.join(engine.build.version.split('.')[:parts])}".strip()


def engine_names(engines: Sequence[EngineView], everybody: Sequence[EngineView]) -> str:
    """`Firefox ESR 153 and WebKitGTK 2.50`; whole names where short ones are not unique."""
    short = [short_name(engine) for engine in everybody]
    unique = len(set(short)) == len(short)
    return joined(short_name(engine) if unique else engine.name for engine in engines)


def joined(words: Iterable[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, end = [*words] or [""]
    return f"{', '.join(first)} {last} {end}" if first else end


def ways_named(ways: Sequence[str]) -> str:
    """The networks a claim was tried over, in brackets; nothing for the plain one alone."""
    if list(ways) == ["direct"]:
        return ""
    return f" ({', '.join(ways)})" if len(ways) <= WAYS_NAMED else f" (over {len(ways)} networks)"
