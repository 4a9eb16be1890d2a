"""Which tier is drawn how: the colour tells the implementation, dashes tell compression, the floor is grey.

The same implementation has the same colour over either transport, so two drawings side by side can be read together.
Nobody needs to see colours: each line has its own marks and its name at its end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from wirematrix.load_model import LoadTransport, Tier
from wirematrix.report.charts.canvas import Pen

FLOOR: Final = Pen(colour="quiet", width=1.2, dash="dotted")
INK: Final = Pen(colour="ink")
QUIET: Final = Pen(colour="quiet")
IMPLEMENTATIONS: Final = (
    Pen(colour="blue", width=2.4, shape="circle"),
    Pen(colour="orange", shape="square"),
    Pen(colour="green", shape="triangle"),
    Pen(colour="purple", shape="diamond"),
)
TRANSPORT_TITLES: Final[Mapping[LoadTransport, str]] = {
    LoadTransport.SSE: "SSE",
    LoadTransport.WEBSOCKET: "WebSocket",
}


def pens(tiers: Sequence[Tier]) -> dict[str, Pen]:
    """A pen for each tier: in the order of the tiers, anew for each transport."""
    chosen: dict[str, Pen] = {}
    for transport in LoadTransport:
        own = [tier for tier in tiers if tier.transport is transport]
        plain = [tier.name for tier in own if not tier.floor and not tier.compressed]
        for place, name in enumerate(plain):
            chosen[name] = IMPLEMENTATIONS[place % len(IMPLEMENTATIONS)]
        for tier in own:
            if tier.floor:
                chosen[tier.name] = FLOOR
            elif tier.compressed:
                base = max((name for name in plain if tier.name.startswith(name)), key=len, default="")
                chosen[tier.name] = chosen.get(base, IMPLEMENTATIONS[-1]).but(width=1.6, dash="dashed")
    return chosen


def by_transport(tiers: Sequence[Tier]) -> dict[LoadTransport, list[Tier]]:
    """The tiers under their transports, without a transport that has none."""
    found = {transport: [tier for tier in tiers if tier.transport is transport] for transport in LoadTransport}
    return {transport: own for transport, own in found.items() if own}
