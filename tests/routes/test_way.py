"""The way over a real server: which proxy breaks, which one reads, what its twin tells, and that nothing stays."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from tests.routes.servers import NGINX, app, asked, certificate, each_route, family, gone, needs, until, via
from wirematrix.faults import Reset
from wirematrix.routing import ROUTES, Route, Where
from wirematrix.timeline import Recorder
from wirematrix.way import FAR_KINDS, UNCHECKED, Way, direct, over

pytestmark = pytest.mark.anyio


def front_of(way: Way) -> tuple[str, int]:
    """Where pages find it."""
    found = urlsplit(way.origin)
    assert found.hostname is not None
    assert found.port is not None
    return found.hostname, found.port


def kinds(recorder: Recorder) -> set[str]:
    """What the proxies told."""
    return {seen.kind for seen in recorder.timeline() if seen.source == "link"}


async def test_most_ways_are_direct() -> None:
    """Without a route there is one proxy, which breaks and reads; nothing can have died."""
    recorder = Recorder()
    async with app() as (at, heads), direct(at, recorder, None) as way:
        assert (way.end_kind, way.route) == ("link-end", None)
        assert (way.proxy.host, way.proxy.port) == front_of(way)
        assert b"data: 1" in await asked(front_of(way))
        way.check_alive()
    assert len(heads) == 1
    assert {"link-open", "request"} <= kinds(recorder)
    assert not {kind for kind in kinds(recorder) if kind.startswith("far-")}
    assert recorder.timeline().first("driver", "route") is None


@each_route
async def test_one_proxy_reads_and_its_twin_tells_from_afar(route: Route, tmp_path: Path) -> None:
    """In front of a plain server messages are read, behind one with TLS; the twin tells its links and no more."""
    recorder, issued = Recorder(), certificate(tmp_path / "certificate")
    async with app() as (at, _), over(via(route), [at], recorder, issued) as way:
        assert way.origin.startswith("https://" if route.tls else "http://")
        answer = await asked(front_of(way), issued if route.tls else None)
        assert b"data: 1" in answer
        told = recorder.timeline()
        assert await until(lambda: {"link-end", "far-link-end"} <= kinds(recorder))
    (request,) = told.of("link", "request")
    assert request.detail["target"] == "/sse/a"
    assert told.first("link", "far-link-open")
    assert {kind for kind in kinds(recorder) if kind.startswith("far-")} <= {f"far-{kind}" for kind in FAR_KINDS}
    assert [one.detail["target"] for one in told.of("link", "far-request")] == ([] if route.tls else ["/sse/a"])


@each_route
async def test_the_timeline_says_which_route_it_is(route: Route, tmp_path: Path) -> None:
    """Route, side, who reads, its patience, and that its certificate is not checked, if it has one."""
    recorder = Recorder()
    async with app() as (at, _), over(via(route, "behind"), [at], recorder, certificate(tmp_path / "certificate")):
        pass
    (said,) = recorder.timeline().of("driver", "route")
    assert said.detail == {
        "route": route.name,
        "side": "behind",
        "reads": "behind" if route.tls else "front",
        "idle_s": route.idle_s,
        "certificate": UNCHECKED if route.tls else None,
    }


@pytest.mark.parametrize(
    ("name", "side", "end_kind"),
    [
        pytest.param(name, side, end_kind, marks=needs(ROUTES[name]))
        for name, side, end_kind in (
            ("nginx-streaming", "front", "link-end"),
            ("nginx-streaming", "behind", "far-link-end"),
            ("nginx-h2", "front", "far-link-end"),
            ("nginx-h2", "behind", "link-end"),
        )
    ],
)
async def test_the_fault_is_on_its_side(name: str, side: Where, end_kind: str, tmp_path: Path) -> None:
    """What is cut is the link on the side that `via` names, and its end is observed under the kind that the way says."""
    recorder, issued, route = Recorder(), certificate(tmp_path / "certificate"), ROUTES[name]
    async with app() as (at, _), over(via(route, side), [at], recorder, issued) as way:
        assert way.end_kind == end_kind
        assert ((way.proxy.host, way.proxy.port) == front_of(way)) is (side == "front")
        await asked(front_of(way), issued if route.tls else None)
        assert await until(lambda: recorder.timeline().first("link", end_kind) is not None)
        await way.proxy.apply(Reset())
        faults = {kind for kind in kinds(recorder) if kind.endswith("fault")}
        assert faults == {"fault" if end_kind == "link-end" else "far-fault"}


@NGINX
async def test_nothing_of_a_way_stays(tmp_path: Path) -> None:
    """Behind the way its server is gone, so is its folder, and nobody listens any more, also if the body raised."""
    route = ROUTES["nginx"]
    issued = certificate(tmp_path / "certificate")

    async def walk() -> None:
        async with over(via(route), [at], Recorder(), issued) as way:
            assert way.route is not None
            processes.extend(family(way.route.pid))
            folders.append(way.route.listen.parent)
            fronts.append(front_of(way))
            raise LookupError

    processes: list[psutil.Process] = []
    folders: list[Path] = []
    fronts: list[tuple[str, int]] = []
    async with app() as (at, _):
        with pytest.raises(LookupError):
            await walk()
        assert await gone(processes)
        assert not folders[0].exists()
        with pytest.raises(ConnectionRefusedError):
            await asked(fronts[0])
