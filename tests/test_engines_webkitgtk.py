"""The WebKitGTK route without WebKitGTK: process, host and relay against a small process that speaks alike."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import psutil
import pytest
from playwright.async_api import Error

from wirematrix.budgets import Budget
from wirematrix.engines import LaunchOptions, inspector_relay, webkitgtk, webkitgtk_process
from wirematrix.engines.inspector_relay import TARGET_HEADER, InspectorRelay
from wirematrix.engines.webkitgtk_host import Target, WebKitGtkHost, is_fragment_of, unused_address
from wirematrix.errors import EngineCrashed, EngineUnavailable, OursSpent
from wirematrix.model import Build

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the whole route is Linux's"),
]
BUILD = Build(
    engine="webkit", product="WebKitGTK", version="2.50.6", origin="system", executable=sys.executable, system="here"
)
WAIT_S = 10


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that is started is the fake one."""
    monkeypatch.setattr(webkitgtk_process, "SHELL", Path(__file__).with_name("fake_shell.py"))


@pytest.fixture
async def host(fake: None) -> AsyncIterator[WebKitGtkHost]:
    """A host with a living process."""
    started = await WebKitGtkHost.start(BUILD)
    yield started
    await started.kill()


async def a_view(host: WebKitGtkHost) -> Target:
    """A view in a context of its own."""
    return await host.open_view(await host.open_context(), width=800, height=600)


async def connected(host: WebKitGtkHost, target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """What Playwright does with a target: open its socket through the relay."""
    address = host.relay.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(address[0], int(address[1]))
    writer.write(f"GET {target.socket} HTTP/1.1\r\nUpgrade: websocket\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def test_view_is_found_by_its_title(host: WebKitGtkHost) -> None:
    """Each view leads to its own socket in the inspector, whatever else is listed."""
    first, second = await a_view(host), await a_view(host)
    assert (first.socket, second.socket) == ("/socket/1/1/WebPage", "/socket/1/2/WebPage")
    assert first.connection["headers"] == {TARGET_HEADER: first.socket}
    assert first.connection["artifacts_dir"] != second.connection["artifacts_dir"]


async def test_popups_are_found_by_rank(host: WebKitGtkHost) -> None:
    """Two popups adopted in the reverse order of their opening lead to the right sockets."""
    opener = await a_view(host)
    since_first = host.facts_about(opener.view)
    await host.process.command("popup", view=opener.view)
    since_second = host.facts_about(opener.view)
    await host.process.command("popup", view=opener.view)
    second = await host.adopt_popup(opener.view, since=since_second)
    first = await host.adopt_popup(opener.view, since=since_first)
    assert (first.socket, second.socket) == ("/socket/1/2/WebPage", "/socket/1/3/WebPage")


async def test_relay_leads_to_the_inspector(host: WebKitGtkHost) -> None:
    """Bytes travel both ways between Playwright's end and the inspector."""
    reader, writer = await connected(host, await a_view(host))
    writer.write(b"x" * 300_000)
    assert await reader.readexactly(300_000) == b"x" * 300_000
    writer.close()


async def test_crash_cuts_only_its_own(host: WebKitGtkHost) -> None:
    """A crashed view's connection ends and is told; another view's goes on."""
    told: list[tuple[int, str]] = []
    host.on_gone = lambda view, because: told.append((view, because))
    crashing, living = await a_view(host), await a_view(host)
    lost, lost_writer = await connected(host, crashing)
    kept, writer = await connected(host, living)
    await host.process.command("crash", view=crashing.view)
    async with asyncio.timeout(WAIT_S):
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await lost.readexactly(1)
    lost_writer.close()
    assert told == [(crashing.view, "its web process ended: crashed")]
    writer.write(b"still here")
    assert await kept.readexactly(10) == b"still here"
    writer.close()


async def test_refusal_is_raised(host: WebKitGtkHost) -> None:
    """A navigation that the network refused raises with the reason, which Playwright leaves out."""
    target = await a_view(host)
    since = host.facts_about(target.view)
    await host.process.command("refuse", view=target.view)
    with pytest.raises(Error, match=r"Connection refused at http://127\.0\.0\.1:1/"):
        await host.loaded(target.view, since=since)


async def test_arrival_is_not_the_end_of_what_was_left(host: WebKitGtkHost) -> None:
    """A page has come back when its own navigation is over, not when the one before is, whose end comes late."""
    target = await a_view(host)
    since = host.facts_about(target.view)
    await host.process.command("back", view=target.view)
    async with asyncio.timeout(WAIT_S):
        await host.arrived(target.view, "http://127.0.0.1:1/", since=since)
    assert len(host.process.facts[target.view]) == since + 5
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await host.arrived(target.view, "http://127.0.0.1:2/", since=since)


async def test_failed_command_is_an_error(host: WebKitGtkHost) -> None:
    """What goes wrong in the process comes back as the answer to the command that caused it."""
    with pytest.raises(Error, match="WebKitGTK: fail: ValueError: no such luck"):
        await host.process.command("fail")


async def test_death_ends_every_wait(host: WebKitGtkHost) -> None:
    """When the process dies, an unanswered command and a wait for a fact end with its last words."""
    target = await a_view(host)
    told: list[str] = []
    host.on_gone = lambda _view, because: told.append(because)
    waits = [
        asyncio.ensure_future(host.process.command("hang")),
        asyncio.ensure_future(host.process.fact("popup", view=target.view)),
        asyncio.ensure_future(host.process.command("die")),
    ]
    async with asyncio.timeout(WAIT_S):
        ends = await asyncio.gather(*waits, return_exceptions=True)
    assert [type(end) for end in ends] == [EngineCrashed] * 3
    assert all("last words: out of cheese" in str(end) for end in ends)
    assert told == ["its process ended, last words: out of cheese"]
    with pytest.raises(EngineCrashed):
        await host.process.command("nodelay")


async def test_failed_start_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ends before it is ready makes the engine unavailable, with its last words as the reason."""
    broken = tmp_path / "broken.py"
    broken.write_text("import sys; sys.exit('no display')")
    monkeypatch.setattr(webkitgtk_process, "SHELL", broken)
    with pytest.raises(EngineUnavailable, match=r"WebKitGTK 2\.50\.6 does not start: no display"):
        await WebKitGtkHost.start(BUILD)


async def test_kill_leaves_nothing(fake: None) -> None:
    """After a kill neither process nor files are left, and everybody who waits hears of it."""
    host = await WebKitGtkHost.start(BUILD)
    assert host.process.root
    waiting = asyncio.ensure_future(host.process.command("hang"))
    await asyncio.sleep(0)
    await host.kill()
    with pytest.raises(EngineCrashed):
        await waiting
    assert not host.process.home.exists()
    assert not psutil.pid_exists(host.process.root.pid)


async def test_orderly_close(fake: None) -> None:
    """Closing ends the process by ending its input; it goes by itself."""
    host = await WebKitGtkHost.start(BUILD)
    async with asyncio.timeout(WAIT_S):
        await host.close()
        assert await host.process.ended == "its process ended"
    await host.kill()


async def test_process_is_kept_apart(fake: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing meant for our own Python reaches the process, and its directories are nobody else's."""
    monkeypatch.setenv("PYTHONPATH", "/ours")
    monkeypatch.setenv("LD_PRELOAD", "")
    host = await WebKitGtkHost.start(BUILD)
    assert host.process.root
    environment = host.process.root.environ()
    await host.kill()
    assert not {name for name in environment if name.startswith(("PYTHON", "LD_"))}
    assert environment["XDG_RUNTIME_DIR"] == str(host.process.home)


async def test_relay_without_inspector() -> None:
    """A target whose inspector has gone ends Playwright's connection instead of leaving it open."""
    relay = InspectorRelay((await unused_address(), 9222), on_linked=lambda: None)
    await relay.open()
    reader, writer = await asyncio.open_connection("127.0.0.1", int(relay.url.rpartition(":")[2]))
    writer.write(b"GET /socket/1/1/WebPage HTTP/1.1\r\n\r\n")
    async with asyncio.timeout(WAIT_S):
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
    writer.close()
    relay.close()


def test_request_head_is_read() -> None:
    """Resource and headers of a request, names in lower case; nonsense is not an exception."""
    head = b"GET /json HTTP/1.1\r\nHost: x\r\nWirematrix-Target: /socket/1/7/WebPage\r\n\r\n"
    resource, headers = inspector_relay.parse_head(head)
    assert (resource, headers[TARGET_HEADER]) == ("/json", "/socket/1/7/WebPage")
    assert inspector_relay.parse_head(b"\r\n\r\n") == ("/", {})


@pytest.mark.parametrize(
    ("url", "shown", "only"),
    [
        ("http://a/x#1", "http://a/x", True),
        ("http://a/x#2", "http://a/x#1", True),
        ("http://a/x#1", "http://a/x#1", False),
        ("http://a/y#1", "http://a/x", False),
        ("http://a/x", "http://a/x#1", False),
    ],
)
def test_fragment_is_told_from_a_navigation(url: str, shown: str, *, only: bool) -> None:
    """Only another place in the same document is a fragment."""
    assert is_fragment_of(url, shown) is only


@pytest.mark.parametrize("silent", [1, 2])
async def test_view_that_nobody_answers_for(host: WebKitGtkHost, monkeypatch: pytest.MonkeyPatch, silent: int) -> None:
    """One view that the inspector never answers for costs a second try, in another context; two are no page, and ours."""
    monkeypatch.setattr(webkitgtk, "budgets", SimpleNamespace(VIEW=Budget("view", 100)))
    views: list[Target] = []

    async def connect(target: Target) -> Any:
        views.append(target)
        if len(views) <= silent:
            await asyncio.Event().wait()
        return SimpleNamespace(contexts=[SimpleNamespace(pages=[None])])

    engine = webkitgtk.WebKitGtkEngine(cast("Any", None), BUILD, host, LaunchOptions())
    monkeypatch.setattr(engine, "connect", connect)
    made = engine._new_page(ignore_https_errors=False)  # without the budget of the whole
    if silent == 1:
        assert cast("webkitgtk.WebKitGtkPage", await made).target is views[1]
    else:
        with pytest.raises(OursSpent, match=r"waited 200 ms for a view of WebKitGTK .*; none came, in two contexts"):
            await made
    assert len({target.context for target in views}) == 2
    assert len(views) == 2
