"""What a run file keeps of the routes its cells went over: which server of which version, and how it was set up."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import metadata

from wirematrix.errors import Skipped
from wirematrix.model import RouteText
from wirematrix.network import Network
from wirematrix.routes.configuration import readable
from wirematrix.routes.programs import version_of
from wirematrix.routing import ROUTES, Route


def texts_of(networks: Iterable[Network]) -> tuple[RouteText, ...]:
    """The routes of these networks, in the order of `ROUTES`; a server that is not installed carried nothing."""
    over: dict[str, list[str]] = {}
    for network in networks:
        if network.via:
            over.setdefault(network.via.route.name, []).append(network.name)
    return tuple(
        RouteText(
            name=route.name,
            title=route.title,
            server=server,
            networks=tuple(over[route.name]),
            configuration=readable(route.configuration),
            see=route.see,
        )
        for route in ROUTES.values()
        if route.name in over and (server := _server(route))
    )


def _server(route: Route) -> str:
    if route.middleware:
        return f"Starlette {metadata.version('starlette')}"
    try:
        return f"{route.program} {version_of(route.program)}"
    except Skipped:
        return ""
