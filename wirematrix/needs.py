"""What a scenario builds on: other scenarios, without which its own cells would only say the same again.

`needs:` of a scenario names them; without it a scenario needs the matrix's `foundation:`. Needs are per engine and
transport: where `opens` fails for one of them, what builds on it is not reached there, and tried everywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wirematrix.errors import InvalidInput
from wirematrix.nodes import Node, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """The scenarios that one scenario needs, and where that is written."""

    scenarios: tuple[str, ...]
    place: Place


def parse(top: Mapping[str, Node], scenarios: Sequence[str]) -> Mapping[str, Needs]:
    """The needs of each scenario, from the whole file; InvalidInput for an unknown name and for a cycle."""
    foundation = top["foundation"].one_of("scenario", scenarios) if "foundation" in top else ""
    found = {name: _needs_of(name, node, foundation, scenarios) for name, node in top["scenarios"].entries().items()}
    _refuse_cycles(found)
    return found


def _needs_of(name: str, node: Node, foundation: str, scenarios: Sequence[str]) -> Needs:
    written = node.entries().get("needs")
    if written is None:
        default = (foundation,) if foundation and name != foundation else ()
        return Needs(scenarios=default, place=node.place)
    nothing = written.value == ()
    return Needs(scenarios=() if nothing else written.some_of("scenario", scenarios), place=written.place)


def _refuse_cycles(needs: Mapping[str, Needs]) -> None:
    """InvalidInput if a scenario needs itself, however far around."""
    open_ones = dict(needs)
    while settled := [name for name, own in open_ones.items() if not any(map(open_ones.__contains__, own.scenarios))]:
        for name in settled:
            del open_ones[name]
    trail = list(open_ones)[:1]  # what is left needs something that is left, so this comes around
    while trail:
        following = next(filter(open_ones.__contains__, open_ones[trail[-1]].scenarios))
        if following in trail:
            around = " needs ".join((*trail[trail.index(following) :], following))
            raise InvalidInput(str(needs[trail[-1]].place), around, expected="needs that come to an end")
        trail.append(following)
