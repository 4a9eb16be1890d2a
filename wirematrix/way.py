"""The way from a page to its app: a fault proxy, and where a network leads over a route a second one and the route.

    page ──▶ proxy ──▶ app                                      most networks
    page ──▶ front ──▶ route (a real server) ──▶ behind ──▶ app   a network with `via`

The network's fault happens on the side that `via` names. One of the two proxies reads what passes and tells it as
observations of the link: the one in front, which sees what the page sees; behind a route that speaks TLS the other one,
which can read. Its twin tells only which links and requests it had and how they ended, as `far-...`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from wirematrix.budgets import PROXY
from wirematrix.errors import OursSpent
from wirematrix.link import Observe, Upstream
from wirematrix.lossy import Wire
from wirematrix.proxy import FaultProxy
from wirematrix.routes import Certificate, Intermediary
from wirematrix.routing import Via
from wirematrix.server import HOST
from wirematrix.timeline import Recorder

UNCHECKED: Final = "signed by nobody, and the page is told not to check"
FAR_KINDS: Final = ("link-open", "request", "link-end", "fault", "healed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What a cell's page, its network and its scenario need to know of the way."""

    origin: str  # where pages find the app, as a URL without a trailing slash
    proxy: FaultProxy  # where the network's fault happens
    end_kind: str  # how the end of a link there is observed
    route: Intermediary | None

    def check_alive(self) -> None:
        """Raise IntermediaryDied if the route's server ended by itself."""
        if self.route is not None:
            self.route.check_alive()


@asynccontextmanager
async def direct(app: tuple[str, int], recorder: Recorder, wire: Wire | None) -> AsyncIterator[Way]:
    """One fault proxy and nothing else, on a wire whose packets can be lost if one is lent."""
    host, netns = (wire.host, wire.netns) if wire else (HOST, None)
    async with _proxy(app, _observer(recorder), host, netns) as proxy:
        yield Way(origin=f"http://{proxy.host}:{proxy.port}", proxy=proxy, end_kind="link-end", route=None)


@asynccontextmanager
async def over(
    via: Via, apps: Sequence[tuple[str, int]], recorder: Recorder, certificate: Certificate
) -> AsyncIterator[Way]:
    """A fault proxy on either side of a route's server, which lives as long as the way; behind a balancer one an app.

    Raises Skipped if the server is not installed, IntermediaryDied or OursSpent if it does not start.
    """
    reads = "behind" if via.route.tls else "front"
    async with contextlib.AsyncExitStack() as scene:
        behind = [
            await scene.enter_async_context(
                _proxy(app, _observer(recorder, far=reads != "behind", node=node if len(apps) > 1 else None))
            )
            for node, app in enumerate(apps, 1)
        ]
        folder = Path(scene.enter_context(TemporaryDirectory(prefix="wirematrix-route-")))
        upstreams = [(each.host, each.port) for each in behind]
        server = await Intermediary.start(via, apps=upstreams, folder=folder, certificate=certificate)
        scene.push_async_callback(server.close)
        recorder.observe(
            "driver",
            "route",
            route=via.route.name,
            side=via.side,
            reads=reads,
            idle_s=via.idle_s,
            certificate=UNCHECKED if via.route.tls else None,
        )
        front = await scene.enter_async_context(_proxy(server.listen, _observer(recorder, far=reads != "front")))
        yield Way(
            origin=f"{'https' if via.route.tls else 'http'}://{front.host}:{front.port}",
            proxy=front if via.side == "front" else behind[0],
            end_kind="link-end" if via.side == reads else "far-link-end",
            route=server,
        )


def _observer(recorder: Recorder, *, far: bool = False, node: int | None = None) -> Observe:
    own = {} if node is None else {"node": node}  # each proxy numbers its own links

    def tell(kind: str, /, **detail: object) -> None:
        recorder.observe("link", kind, at_ms=None, **own, **detail)

    def tell_from_afar(kind: str, /, **detail: object) -> None:
        if kind in FAR_KINDS:
            recorder.observe("link", f"far-{kind}", at_ms=None, **own, **detail)

    return tell_from_afar if far else tell


@asynccontextmanager
async def _proxy(
    upstream: Upstream, tell: Observe, host: str = HOST, netns: Executor | None = None
) -> AsyncIterator[FaultProxy]:
    """A fault proxy that listens, closed behind the body."""
    try:
        async with asyncio.timeout(PROXY.seconds):
            proxy = await FaultProxy.start(upstream, tell, host, netns=netns)
    except TimeoutError:
        raise OursSpent("the fault proxy to listen", budget_ms=PROXY.ms, came="it did not") from None
    async with proxy:
        yield proxy
