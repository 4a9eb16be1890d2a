"""Engines, out of sight: pages that are left and come back, hidden, asleep, offline by decree, or cut off from all."""

import asyncio

import pytest

from wirematrix import RawCell, budgets, measures, origin

STEADILY_MS = 200
SECONDS = 1_000
FIVE_MINUTES = 300  # messages, one a second: more than any of these scenarios lasts
HIDDEN_S = 20
ASLEEP_S = 30
HEARTBEAT_MS = 15_000
PATIENCE_S = 30  # the server's, with a page that sends no heartbeat
TABS = 7


@pytest.mark.launch("bfcache")
@pytest.mark.check
@pytest.mark.entries("Y03")
async def test_back_and_forward(cell: RawCell) -> None:
    """The page is left by a link and comes back by the history: is it restored, and what has become of its stream?"""
    cell.record(
        measures.comes_back_as(),
        measures.stream_of_restored(),
        measures.server_knows_ms(after="away", cap=budgets.NEVER_REOPENS),
        measures.server_sees(),
        measures.request_count(),
    )
    cell.serve(origin.pushes(FIVE_MINUTES, every_ms=STEADILY_MS))
    await cell.open()
    await cell.hears(stream="a")
    await cell.follow_link(f"{cell.page_url}?elsewhere")
    await cell.parts(budget=budgets.NEVER_REOPENS)
    if await cell.go_back(cell.page_url) and not await cell.hears_again():
        await cell.outcome()


@pytest.mark.soak
@pytest.mark.launch("background")
@pytest.mark.check
@pytest.mark.entries("Y04")
async def test_hidden_and_listening(cell: RawCell) -> None:
    """The page is hidden behind another tab while the server pushes on: does all come, and how late?"""
    cell.record(
        measures.delay_between_ms("visible", stream="steady", first="sighted", last="hidden"),
        measures.delay_between_ms("hidden", stream="steady", first="hidden", last="shown"),
        measures.heard_of("pushed while hidden", stream="steady", first="hidden", last="shown"),
        measures.ending("hidden", stream="steady", otherwise="lives on"),
    )
    await cell.sharpen_clock()
    cell.serve(origin.pushes(FIVE_MINUTES, every_ms=SECONDS), place="/steady")
    await cell.open("steady", "/steady")
    await cell.hears(stream="steady")
    cell.note("sighted")
    await cell.wait_for(stream="steady", seq=5)
    await cell.hide()
    await cell.sees("pushed", count=5 + HIDDEN_S, budget=budgets.MINUTE)
    await cell.show()
    await cell.wait_for(stream="steady", seq=7 + HIDDEN_S)


@pytest.mark.soak
@pytest.mark.launch("background")
@pytest.mark.check
@pytest.mark.entries("Y05")
async def test_heartbeats_of_a_hidden_page(cell: RawCell) -> None:
    """A hidden page sends a heartbeat every 15 s, and the server gives it up after 30 s without one: does it?"""
    cell.record(
        measures.heartbeat_gap_ms("hidden", first="hidden", last="shown"),
        measures.false_disconnects(),
        measures.ending("hidden", otherwise="lives on"),
    )
    cell.serve(impatient)
    await cell.open()
    await cell.hears("open", stream="a")
    await cell.ask("sendEvery", {"name": "a", "text": "alive", "every_ms": HEARTBEAT_MS})
    await cell.hide()
    await cell.sees("gave-up", budget=budgets.IN_BACKGROUND)
    await cell.show()


async def impatient(exchange: origin.Exchange) -> None:
    """A server that takes a page for dead which is silent for too long, and closes with a code of its own."""
    socket = await exchange.upgrade()
    try:
        while True:
            async with asyncio.timeout(PATIENCE_S):
                await socket.read()
    except TimeoutError:
        exchange.note("gave-up", patience_s=PATIENCE_S)
        await socket.end(4408, "no heartbeat")


@pytest.mark.soak
@pytest.mark.own_engine
@pytest.mark.check
@pytest.mark.entries("Y07")
async def test_asleep_and_awake(cell: RawCell) -> None:
    """The whole engine stands still for 30 s as a machine asleep, and the server pushes on: what is lost, what is late?"""
    cell.record(
        measures.goes_on_ms("awake", stream="steady", since="awake", cap=budgets.NOTICE),
        measures.heard_of("pushed while asleep", stream="steady", first="asleep", last="awake"),
        measures.ending("asleep", stream="steady", otherwise="lives on"),
    )
    cell.serve(origin.pushes(FIVE_MINUTES, every_ms=SECONDS), origin.streams(), place="/steady")
    await cell.open("steady", "/steady")
    await cell.hears(stream="steady")
    await cell.fall_asleep()
    await cell.sees("pushed", count=1 + ASLEEP_S, budget=budgets.MINUTE)
    await cell.wake()
    await cell.wait_for(stream="steady", seq=3 + ASLEEP_S)


@pytest.mark.check
@pytest.mark.entries("D11")
async def test_offline_by_decree(cell: RawCell) -> None:
    """The automation says that the page is offline: does an open stream feel it, and does a new request fail?

    A control: this is no network drop, and a test that takes it for one proves nothing about drops.
    """
    cell.record(
        measures.heard_of("pushed while offline", stream="steady", first="offline", last="online"),
        measures.ending("offline", stream="steady", otherwise="lives on"),
        measures.answered("GET while offline"),
    )
    cell.serve(origin.pushes(FIVE_MINUTES, every_ms=STEADILY_MS), origin.streams(), place="/steady")
    cell.serve(origin.answers(200, "answer"), place="/api")
    await cell.open("steady", "/steady")
    await cell.hears(stream="steady")
    await cell.set_offline(offline=True)
    await cell.watch()  # engines take it in some time after they have said so
    await cell.ask("fetch", {"name": "GET while offline", "url": cell.url("/api"), "ms": budgets.HELD_BACK.ms})
    await cell.wait_for("fetched", name="GET while offline", budget=budgets.NEVER_REOPENS)
    await cell.set_offline(offline=False)
    await cell.watch(budgets.HELD_BACK)


@pytest.mark.check
@pytest.mark.entries("L02")
async def test_seven_tabs(cell: RawCell) -> None:
    """Seven tabs of one user with a stream each, over HTTP/1.1: which tab is the first without one, and how does it show?"""
    cell.record(measures.first_tab_without())
    cell.serve(origin.streams("data: 1 one\n\n"))
    await cell.open()
    await cell.hears(stream="a")
    for tab in range(2, TABS + 1):
        stream = await cell.open_in_further_tab()
        cell.note("tab", tab=tab, stream=stream)
        if stream != "open":
            break


@pytest.mark.soak
@pytest.mark.check
@pytest.mark.entries("D07")
async def test_packets_lost(cell: RawCell) -> None:
    """Every packet is lost for 170 s, without FIN or RST: when is each stream's code told, and does it go on afterwards?

    A stream on which nothing is said, one that the server pushes into, and over a WebSocket one that the page sends on.
    """
    ways = {"idle": origin.pushes(1), "pushed": origin.pushes(FIVE_MINUTES, every_ms=SECONDS)}
    if cell.cell.transport == "websocket":
        ways["sending"] = origin.pushes(1)
    for name, script in ways.items():
        cell.record(
            measures.cut_off_told_ms(name, stream=name, cap=budgets.BLACKHOLED),
            measures.ending(name, stream=name, otherwise="never told"),
        )
        cell.serve(script, place=f"/{name}")
        await cell.open(name, f"/{name}")
        await cell.hears(stream=name)
    if "sending" in ways:
        await cell.ask("sendEvery", {"name": "sending", "text": "alive", "every_ms": SECONDS})
    async with cell.losing_packets():
        ends = (cell.wait_for("error", "close", stream=name, budget=budgets.BLACKHOLED) for name in ways)
        told = dict(zip(ways, await asyncio.gather(*ends), strict=True))
    if not told["pushed"]:
        cell.record(measures.goes_on_ms("pushed", stream="pushed", since="mended", cap=budgets.MINUTE))
    await cell.wait_for(stream="pushed", since_break=True, budget=budgets.MINUTE)
