"""The routes there are, as data: which real server stands between page and app, and how a network names it.

The servers are started in `wirematrix/routes/`, from the configurations that lie there; nothing here runs anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, cast

from wirematrix.nodes import Node

Where = Literal["front", "behind"]
Feed = Literal["memory", "redis"]

FEEDS: Final = ("memory", "redis")
SIDES: Final = ("front", "behind")  # of the route: between page and route, or between route and app
SHORTEST_IDLE_S, LONGEST_IDLE_S = 1, 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One server with one configuration, as people run it."""

    name: str
    title: str
    program: str  # the command
    package: str  # of Debian and Ubuntu, that brings it
    configuration: str  # file in wirematrix/routes/configurations/
    tls: bool  # pages come by https, and with it HTTP/2
    idle_s: int | None  # what it waits for bytes before it gives a connection up; None: it knows no such limit
    see: str  # where its makers advise it
    apps: int = 1  # how many instances of the app it leads to, in turn
    middleware: str = ""  # no server in between: the app itself wears this, see app/middlewares.py


ROUTES: Final[Mapping[str, Route]] = {
    route.name: route
    for route in (
        Route(
            name="nginx",
            title="nginx with `proxy_pass` and nothing else",
            program="nginx",
            package="nginx",
            configuration="nginx.conf",
            tls=False,
            idle_s=60,
            see="https://nginx.org/en/docs/http/ngx_http_proxy_module.html",
        ),
        Route(
            name="nginx-streaming",
            title="nginx as its documentation advises for streams and WebSockets",
            program="nginx",
            package="nginx",
            configuration="nginx-streaming.conf",
            tls=False,
            idle_s=60,
            see="https://nginx.org/en/docs/http/websocket.html",
        ),
        Route(
            name="nginx-h2",
            title="nginx with TLS and HTTP/2 in front, for streams and WebSockets",
            program="nginx",
            package="nginx",
            configuration="nginx-h2.conf",
            tls=True,
            idle_s=60,
            see="https://nginx.org/en/docs/http/ngx_http_v2_module.html",
        ),
        Route(
            name="haproxy",
            title="HAProxy with the time-outs of Debian's configuration",
            program="haproxy",
            package="haproxy",
            configuration="haproxy.cfg",
            tls=False,
            idle_s=50,
            see="https://docs.haproxy.org/2.6/configuration.html#4-timeout%20server",
        ),
        Route(
            name="haproxy-tunnel",
            title="HAProxy for streams: `timeout tunnel` of an hour, `option abortonclose`",
            program="haproxy",
            package="haproxy",
            configuration="haproxy-tunnel.cfg",
            tls=False,
            idle_s=50,
            see="https://docs.haproxy.org/2.6/configuration.html#4-timeout%20tunnel",
        ),
        Route(
            name="caddy",
            title="Caddy with `reverse_proxy` and its defaults, TLS and HTTP/2 in front",
            program="caddy",
            package="caddy",
            configuration="Caddyfile",
            tls=True,
            idle_s=None,
            see="https://caddyserver.com/docs/caddyfile/directives/reverse_proxy#streaming",
        ),
        Route(
            name="nginx-balanced",
            title="nginx that shares the load of two apps in turn",
            program="nginx",
            package="nginx",
            configuration="nginx-balanced.conf",
            tls=False,
            idle_s=60,
            see="https://nginx.org/en/docs/http/load_balancing.html",
            apps=2,
        ),
        Route(
            name="haproxy-balanced",
            title="HAProxy that shares the load of two apps in turn",
            program="haproxy",
            package="haproxy",
            configuration="haproxy-balanced.cfg",
            tls=False,
            idle_s=50,
            see="https://docs.haproxy.org/2.6/configuration.html#4-balance",
            apps=2,
        ),
        *(
            Route(
                name=name,
                title=title,
                program="",
                package="",
                configuration=f"{name}.py.txt",
                tls=False,
                idle_s=None,
                see=see,
                middleware=name,
            )
            for name, title, see in (
                (
                    "gzip",
                    "the app behind Starlette's GZipMiddleware",
                    "https://starlette.dev/middleware/#gzipmiddleware",
                ),
                (
                    "base-http",
                    "the app behind a BaseHTTPMiddleware",
                    "https://starlette.dev/middleware/#basehttpmiddleware",
                ),
                (
                    "naive-gzip",
                    "the app behind compression that never flushes",
                    "https://www.zlib.net/manual.html#Basic",
                ),
            )
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Via:
    """How a network leads over a route: where its fault happens, and the route's patience where it is not usual."""

    route: Route
    side: Where
    idle_s: int | None
    feed: Feed = "memory"  # where the apps behind a balancer keep their messages: each for itself, or all in one Redis


def keys_of(route: Route) -> tuple[str, ...]:
    """The keys that a `via` over this route may have beside `route`."""
    own = () if route.middleware else ("feed",) if route.apps > 1 else ("side",)
    return own if route.idle_s is None else (*own, "idle_s")


def parse_via(node: Node) -> Via:
    """The value of a network's `via`; InvalidInput names the line of what cannot be used.

    A key that would change nothing is refused: a middleware has no sides, not every server ends what is silent, and one
    app needs no feed of others. What breaks behind a balancer would break one of its apps, so it breaks in front.
    """
    entries = node.entries()
    if "route" not in entries:
        raise node.wrong("key 'route' is missing", expected="route")
    route = ROUTES[entries["route"].one_of("route", tuple(ROUTES))]
    own = node.fields(("route",), keys_of(route))
    return Via(
        route=route,
        side=cast(Where, own["side"].one_of("side", SIDES)) if "side" in own else "front",
        idle_s=own["idle_s"].whole(SHORTEST_IDLE_S, LONGEST_IDLE_S) if "idle_s" in own else route.idle_s,
        feed=cast(Feed, own["feed"].one_of("feed", FEEDS)) if "feed" in own else "memory",
    )
