"""Engines, lifecycle: what the server and the page learn when documents come and go."""

import pytest

from wirematrix import RawCell, budgets, measures, origin

QUICK = "retry: 100\n\n"
ONE = "data: 1 one\n\n"
RELOADS = 5


@pytest.mark.check
@pytest.mark.entries("Y01")
async def test_server_sees_the_page_go(cell: RawCell) -> None:
    """The page is closed: when does the server know, by which end of the connection, and by which close code?"""
    cell.record(measures.server_knows_ms(), measures.server_sees())
    cell.serve(origin.either(origin.streams(ONE), watching))
    await cell.open()
    await cell.hears("message", stream="a")
    await cell.leave("closed")
    await cell.parts()


@pytest.mark.check
@pytest.mark.entries("Y01")
async def test_server_sees_the_navigation(cell: RawCell) -> None:
    """The page navigates away: when does the server know, by which end of the connection, and by which close code?"""
    cell.record(measures.server_knows_ms(), measures.server_sees())
    cell.serve(origin.either(origin.streams(ONE), watching))
    await cell.open()
    await cell.hears("message", stream="a")
    await cell.leave("navigated")
    await cell.parts()


async def watching(exchange: origin.Exchange) -> None:
    """A WebSocket that says one thing, answers what the protocol asks to be answered, and sees how it ends."""
    socket = await exchange.upgrade()
    await socket.text("1 one")
    await socket.serve()


@pytest.mark.check
@pytest.mark.entries("Y02")
async def test_reload_overlap(cell: RawCell) -> None:
    """Five reloads in a row: do old and new connections live at once, and does the old page hear of an error?"""
    cell.record(measures.most_at_once(), measures.errors_before_leaving())
    cell.serve(origin.either(origin.streams(ONE), watching))
    await cell.open()
    await cell.hears("message", stream="a")
    for turn in range(RELOADS):
        await cell.script(REMEMBER_ERRORS)
        await cell.visit()
        await cell.script(TELL_ERRORS)
        await cell.open()
        await cell.asked(turn + 2)
    await cell.parts(count=RELOADS)


REMEMBER_ERRORS = """() => {
  sessionStorage.setItem("errors", 0);
  probe.watch(({kind}) => {
    if (kind === "error" || kind === "close") sessionStorage.setItem("errors", Number(sessionStorage.getItem("errors")) + 1);
  });
}"""
TELL_ERRORS = """() => probe.record("errors-in-leaving", {count: Number(sessionStorage.getItem("errors"))})"""


@pytest.mark.check
@pytest.mark.entries("Y09")
async def test_window_stop(cell: RawCell) -> None:
    """The page calls window.stop(): does its stream live on, and if not, does it come back?"""
    cell.record(measures.ending("window.stop()", otherwise="lives on"), measures.fate("window.stop()"))
    cell.serve(origin.either(origin.streams(QUICK, ONE), watching))
    await cell.open()
    await cell.hears("message", stream="a")
    await cell.script("() => window.stop()")
    await cell.wait_for("error", "close", stream="a", budget=budgets.NEVER_REOPENS)
    await cell.watch()


@pytest.mark.check
@pytest.mark.entries("Y09")
async def test_iframe_removed(cell: RawCell) -> None:
    """The frame that holds the stream is taken out of the document: does the server learn of it?"""
    cell.record(measures.server_knows_ms(after="removed", cap=budgets.SERVER_NOTICE), measures.server_sees())
    cell.serve(origin.either(origin.streams(ONE), watching))
    await cell.script(FRAMED, {"transport": cell.cell.transport, "url": cell.stream_url()})
    await cell.asked(1)
    cell.note("removed")
    await cell.script("() => document.querySelector('iframe').remove()")
    await cell.parts()


FRAMED = """({transport, url}) => {
  const frame = document.createElement("iframe");
  document.body.append(frame);
  const inside = frame.contentWindow; // the frame's own constructors: the stream belongs to its document
  if (transport === "eventsource") inside.stream = new inside.EventSource(url);
  if (transport === "websocket") inside.stream = new inside.WebSocket(url);
  if (transport === "fetch-stream") inside.stream = inside.fetch(url);
}"""
