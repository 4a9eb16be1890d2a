"""The origin as a server: ports that come and go, files of the page, and nothing left behind when it is closed."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from tests.origin.rig import HOST, STATIC, Rig, answered, head, request, within
from tests.rawlinks import Peer
from wirematrix import budgets, origin
from wirematrix.budgets import Budget
from wirematrix.errors import BudgetSpent
from wirematrix.origin import Exchange, Origin

pytestmark = pytest.mark.anyio


# ── ports ──


async def test_listens_on_several_ports(rig: Rig) -> None:
    """Two ports from the start, and further ones on request, serve the same and are told by their numbers."""
    rig.origin.serve("/stream", origin.answers(200))
    ports = [rig.origin.port, rig.origin.page_port, await rig.origin.listen()]
    assert len(set(ports)) == 3
    for port in ports:
        peer = await rig.peer(port)
        await peer.send(request())
        await answered(peer)
    assert [told["port"] for told in rig.of("connection")] == ports
    assert [told["number"] for told in rig.of("request")] == [1, 2, 3]


async def test_refuses_while_it_is_shut(rig: Rig) -> None:
    """Between shut and reopen connecting is refused; live connections and other ports stay; then it is the same port."""
    rig.origin.serve("/stream", origin.answers(200, "here"))
    living = await rig.asking()
    await answered(living)
    port = rig.origin.port
    rig.origin.shut()
    with pytest.raises(ConnectionRefusedError):
        await rig.peer(port)
    for peer in (living, await rig.peer(rig.origin.page_port)):
        await peer.send(request())
        assert (await answered(peer))[2] == b"here"
    await rig.origin.reopen()
    assert rig.origin.port == port
    peer = await rig.peer(port)
    await peer.send(request())
    assert (await answered(peer))[2] == b"here"


async def test_a_closed_port_refuses(rig: Rig) -> None:
    """A port of its own on which nobody listens refuses."""
    with pytest.raises(ConnectionRefusedError):
        await rig.peer(await rig.origin.closed_port())


# ── files of the page ──


@pytest.fixture
async def pages(tmp_path: Path) -> AsyncIterator[Rig]:
    """An origin whose pages' folder has a secret beside it and a link to it inside."""
    folder = tmp_path / "static"
    (folder / "raw").mkdir(parents=True)
    for name, text in {"a.html": "<p>", "raw/b.js": "b", "..%2fsecret": "no secret", "odd.bin": "\0"}.items():
        (folder / name).write_text(text)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "static-secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    async with Rig.running(folder) as running:
        yield running


@pytest.mark.parametrize(
    ("target", "media_type", "content"),
    [
        ("/static/a.html", "text/html; charset=utf-8", b"<p>"),
        ("/static/raw/b.js?x=1", "text/javascript; charset=utf-8", b"b"),
        ("/static/odd.bin", "application/octet-stream", b"\0"),
        ("/static/..%2fsecret", "application/octet-stream", b"no secret"),
    ],
)
async def test_serves_files_of_the_page(pages: Rig, target: str, media_type: str, content: bytes) -> None:
    """Each file comes whole, of the type that engines ask of modules, on a connection of its own that is then closed."""
    peer = await pages.asking(target=target)
    status, headers, body = await answered(peer)
    assert (status, dict(headers)["Content-Type"], body) == ("HTTP/1.1 200 OK", media_type, content)
    assert (dict(headers)["Connection"], dict(headers)["Cache-Control"]) == ("close", "no-store")
    assert await peer.ends() == "fin"


@pytest.mark.parametrize(
    "target",
    [
        "/static/none.js",
        "/static/",
        "/static/raw",
        "/static/../secret",
        "/static/..%2f..%2fsecret",
        "/static/%2e%2e/secret",
        "/static/raw/../../secret",
        "/static/../static-secret",
        "/static//etc/passwd",
        "/static/link",
        "/static/\0",
        "/static/" + "x" * 5000,
        "/static/\udcff",
        "/favicon.ico",
    ],
)
async def test_files_stay_in_their_folder(pages: Rig, target: str) -> None:
    """Whatever is not a file inside the folder is 404, by whichever way it is asked for, and nobody's mistake."""
    peer = await pages.asking(target=target)
    status, _, body = await answered(peer)
    assert (status, body) == ("HTTP/1.1 404 Not Found", b"")
    assert await peer.ends() == "fin"
    pages.origin.check()


async def test_files_are_served_without_a_word(pages: Rig) -> None:
    """Neither found files nor missing ones, nor the ends of their connections, are observations."""
    for target in ("/static/a.html", "/static/none", "/favicon.ico"):
        peer = await pages.asking(target=target)
        await answered(peer)
        peer.reset()
    pages.origin.serve("/fence", origin.answers(200))
    await answered(await pages.asking(target="/fence"))
    assert [told for told in pages.seen if told[1].get("connection") != 4] == []
    assert pages.kinds == ["connection", "request", "respond", "end"]


async def test_a_file_leaves_a_streams_connection_alone(pages: Rig) -> None:
    """A connection that brought a stream before and is asked for a file stays open, and its end is told."""
    pages.origin.serve("/stream", origin.answers(200))
    peer = await pages.asking()
    await answered(peer)
    for target in ("/static/a.html", "/static/none", "/stream"):
        await peer.send(request(target=target))
        _, headers, _ = await answered(peer)
        assert "Connection" not in dict(headers)
    peer.fin()
    assert await peer.ends() == "fin"
    assert pages.kinds == ["connection", *["request", "respond", "end"] * 2, "peer-end"]


# ── nothing is left behind ──


def sockets() -> set[tuple[object, object]]:
    """The TCP sockets of this process: their ends."""
    return {(one.laddr, one.raddr) for one in psutil.Process(os.getpid()).net_connections("tcp")}


async def started() -> Origin:
    """An origin with scripts that wait in every way there is."""

    async def floods(exchange: Exchange) -> None:
        while True:
            await exchange.raw(b"x" * 65536)

    async def stubborn(exchange: Exchange) -> None:
        try:
            await exchange.gone()
        finally:
            await exchange.gone()

    made = await Origin.start(STATIC, lambda _kind, /, **_: None)
    made.serve("/held", origin.streams("a"))
    made.serve("/silent", origin.silent())
    made.serve("/floods", floods)
    made.serve("/body", lambda exchange: exchange.body())  # type: ignore[arg-type,return-value]
    made.serve("/left", lambda exchange: exchange.respond())
    made.serve("/stubborn", stubborn)
    made.serve("/finned", origin.streams(then="fin"))
    return made


async def test_closing_leaves_nothing_behind() -> None:
    """After close there is no socket, no task, no port, whatever its scripts and peers were doing."""
    async with Rig.running() as rig:  # its peers, not its origin
        before, tasks = sockets(), asyncio.all_tasks()
        made = await started()
        port, page_port, third = made.port, made.page_port, await made.listen()
        closed = await made.closed_port()
        peers: list[Peer] = []
        for place in ("/held", "/silent", "/floods", "/body", "/left", "/stubborn", "/finned", "/static/raw.html"):
            peers.append(await rig.peer(port))
            await peers[-1].send(request("Content-Length: 9", target=place, method="POST"))
        await head(peers[0])
        await head(peers[4])
        peers.append(await rig.peer(port))  # never asks
        peers[1].fin()
        await made.close()
        assert asyncio.all_tasks() == tasks
        for peer in peers:
            await peer.rest()
            peer.close()
        assert sockets() <= before
        for gone in (port, page_port, third, closed):
            with pytest.raises(ConnectionRefusedError):
                await rig.peer(gone)
    gc.collect()  # an unclosed socket would be a warning, and warnings are errors


async def test_a_connection_in_the_act_of_coming_is_ended() -> None:
    """Connections that the kernel has completed and the loop not yet accepted are reset by close, too."""
    async with Rig.running() as rig:
        tasks = asyncio.all_tasks()
        made = await started()
        peers = [await rig.peer(made.port) for _ in range(20)]
        await made.close()
        for peer in peers:
            assert await peer.ends() in ("reset", "fin")
        await within(asyncio.to_thread(lambda: None))
        assert asyncio.all_tasks() == tasks


async def test_a_script_that_will_not_end_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that swallows its cancellation is not waited for for ever: the budget is spent, and says so."""
    monkeypatch.setattr(budgets, "PROXY", Budget("proxy", 50))
    released = asyncio.Event()

    async def deaf(_: Exchange) -> None:
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue

    async with Rig.running() as rig:
        made = await Origin.start(STATIC, rig.observe, HOST)
        made.serve("/stream", deaf)
        peer = await rig.peer(made.port)
        await peer.send(request())
        await rig.until("request")
        with pytest.raises(BudgetSpent, match="1 of 1 scripts still run"):
            await made.close()
        assert await peer.ends() == "reset"
        released.set()
