"""Engines, endings: what the page learns when a connection ends in this way or that, and what becomes of the stream."""

import pytest

from wirematrix import RawCell, budgets, close_codes_passed, measures, origin

ONE = "data: 1 one\n\n"
PASSED_ON = (1000, 1001, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 4000)  # RFC 6455, section 7.4.1, and IANA's registry
NEVER_ON_THE_WIRE = (1005, 1006, 1015)  # section 7.4.1: must not be set in a close frame


@pytest.mark.check
@pytest.mark.entries("D01")
async def test_clean_end(cell: RawCell) -> None:
    """The response ends in good order: what does the page learn, and is the stream asked for again?"""
    cell.record(measures.ending(), measures.fate(), measures.noticed_ms())
    cell.serve(origin.streams(ONE, then="finish"))
    await cell.open()
    await cell.outcome()


@pytest.mark.check
@pytest.mark.entries("D01", "D05")
async def test_clean_close(cell: RawCell) -> None:
    """The server closes with 1000 as the protocol asks: what does the page learn, and how soon?"""
    cell.record(measures.ending(), measures.fate(), measures.noticed_ms())
    cell.serve(origin.accepts("1 one", close=1000))
    await cell.open()
    await cell.outcome()


@pytest.mark.check
@pytest.mark.entries("D02")
async def test_end_without_the_protocols_end(cell: RawCell) -> None:
    """The connection ends with a FIN in the middle: no last chunk, no close frame."""
    cell.record(measures.ending(otherwise="nothing"), measures.fate(), measures.noticed_ms(cap=budgets.NOTICE))
    cell.serve(origin.either(origin.streams(ONE, then="fin"), origin.accepts("1 one", then="fin")))
    await cell.open()
    await cell.outcome()


@pytest.mark.check
@pytest.mark.entries("D03")
async def test_reset_in_mid_stream(cell: RawCell) -> None:
    """The connection is reset (RST) in mid-stream: what does the page learn, and how soon?"""
    cell.record(measures.ending(otherwise="nothing"), measures.fate(), measures.noticed_ms(cap=budgets.NOTICE))
    cell.serve(origin.either(origin.streams(ONE, then="reset"), origin.accepts("1 one", then="reset")))
    await cell.open()
    await cell.outcome()


@pytest.mark.check
@pytest.mark.entries("D04")
async def test_garbage_on_the_wire(cell: RawCell) -> None:
    """In place of a chunk or a frame comes garbage: does the engine give up, and for good?"""
    cell.record(measures.ending(), measures.fate())
    cell.serve(origin.either(no_chunk, no_frame))
    await cell.open()
    await cell.outcome()


async def no_chunk(exchange: origin.Exchange) -> None:
    """A chunk, and then bytes that are no chunk (RFC 9112, section 7.1)."""
    await exchange.respond()
    await exchange.send(ONE)
    await exchange.raw(b"not a chunk size\r\nat all\r\n")


async def no_frame(exchange: origin.Exchange) -> None:
    """A frame, and then a control frame with reserved bits and opcode (RFC 6455, section 5.2)."""
    socket = await exchange.upgrade()
    await socket.text("1 one")
    await socket.raw(b"\xff\x00")
    await exchange.gone()


@pytest.mark.entries("D05")
async def test_passes_close_codes_on(cell: RawCell) -> None:
    """A close code that a server may send reaches the page's code as it was, with its reason, as a clean end."""
    cell.judge(close_codes_passed(PASSED_ON))
    for code in PASSED_ON:
        cell.record(measures.ending(str(code), stream=f"code-{code}"))
        cell.serve(origin.accepts(close=code, reason=f"because {code}"), place=f"/code-{code}")
    for code in PASSED_ON:
        await cell.open(f"code-{code}", f"/code-{code}")
    await cell.wait_for("over", count=len(PASSED_ON), budget=budgets.NOTICE)


@pytest.mark.check
@pytest.mark.entries("D05")
async def test_close_codes_that_must_not_be_sent(cell: RawCell) -> None:
    """A close frame without a code, and frames with codes that must never be on the wire: what is made of them?"""
    cell.record(measures.ending("no code", stream="none"))
    cell.serve(closing_with(None), place="/none")
    for code in NEVER_ON_THE_WIRE:
        cell.record(measures.ending(f"{code} on the wire", stream=f"code-{code}"))
        cell.serve(closing_with(code), place=f"/code-{code}")
    for name in ("none", *(f"code-{code}" for code in NEVER_ON_THE_WIRE)):
        await cell.open(name, f"/{name}")
    await cell.wait_for("over", count=1 + len(NEVER_ON_THE_WIRE), budget=budgets.NOTICE)


def closing_with(code: int | None) -> origin.Script:
    """A close frame with that code; then whatever the engine answers, and its end."""

    async def script(exchange: origin.Exchange) -> None:
        socket = await exchange.upgrade()
        await socket.close(code)
        await socket.peer_closes()
        socket.fin()

    return script


@pytest.mark.soak
@pytest.mark.check
@pytest.mark.entries("D12")
async def test_server_ignores_the_close_frame(cell: RawCell) -> None:
    """The page closes, and the server never answers the close frame: when does the engine give up waiting?"""
    cell.record(measures.close_timeout_ms(cap=budgets.CLOSE_TIMEOUT), measures.ending())
    cell.serve(accepting_and_silent)
    await cell.open()
    await cell.hears("open", stream="a")
    await cell.close(code=1000)
    await cell.wait_for("close", stream="a", budget=budgets.CLOSE_TIMEOUT)


async def accepting_and_silent(exchange: origin.Exchange) -> None:
    """The handshake, and then nothing, whatever comes."""
    await exchange.upgrade()
    await exchange.gone()


@pytest.mark.soak
@pytest.mark.check
@pytest.mark.entries("D13")
async def test_server_closes_and_leaves_tcp_open(cell: RawCell) -> None:
    """The server's close frame comes, but the TCP connection stays: when does the page learn, and who ends it?"""
    cell.record(measures.ending(), measures.told_after_ms("close-sent", cap=budgets.CLOSE_TIMEOUT))
    cell.record(measures.tcp_ended_after_ms("close-sent", cap=budgets.CLOSE_TIMEOUT))
    cell.serve(closing_without_an_end)
    await cell.open()
    await cell.wait_for("close", stream="a", budget=budgets.CLOSE_TIMEOUT)
    await cell.sees("peer-end", budget=budgets.CLOSE_TIMEOUT)


async def closing_without_an_end(exchange: origin.Exchange) -> None:
    """The closing handshake, and no FIN."""
    socket = await exchange.upgrade()
    await socket.close(1000)
    await socket.peer_closes()
    await exchange.gone()


@pytest.mark.check
@pytest.mark.entries("D14")
async def test_send_after_the_close(cell: RawCell) -> None:
    """What becomes of a message that is sent while the socket is CLOSING, and when it is CLOSED?"""
    cell.record(measures.sending("while CLOSING", 1), measures.sending("when CLOSED", 2))
    cell.serve(closing_when_told)
    await cell.open()
    await cell.hears("open", stream="a")
    await cell.script(CLOSE_AND_SEND, {"name": "a", "text": "while closing"})
    await cell.hears("close", stream="a")
    await cell.ask("send", {"name": "a", "text": "when closed"})


CLOSE_AND_SEND = """(message) => {
  probe.verbs.close({name: message.name, code: 1000});
  probe.verbs.send(message); // in the same task: the socket is still CLOSING
}"""


async def closing_when_told(exchange: origin.Exchange) -> None:
    """Behave as the protocol asks."""
    await (await exchange.upgrade()).serve()


@pytest.mark.check
@pytest.mark.entries("D15")
async def test_causes_that_script_can_tell_apart(cell: RawCell) -> None:
    """Refused, reset, not found, an error of the server, an early end: how many of them look different to script?"""
    cell.record(measures.causes_told_apart(CAUSES))
    cell.serve(origin.answers(404), place="/not-found")
    cell.serve(origin.answers(503), place="/unavailable")
    cell.serve(origin.either(origin.streams(then="reset"), origin.accepts(then="reset")), place="/reset")
    cell.serve(origin.either(origin.streams(then="finish"), origin.accepts(close=1011)), place="/ended")
    nobody = await cell.origin.closed_port()
    for cause in CAUSES:
        await cell.open(cause, f"/{cause}", port=nobody if cause == "refused" else None)
    for cause in CAUSES:
        await cell.wait_for("error", "close", stream=cause, until_over=False, budget=budgets.NOTICE)


CAUSES = ("refused", "not-found", "unavailable", "reset", "ended")
