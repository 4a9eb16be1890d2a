"""Engines, WebSocket handshakes: what the page learns of one that fails, and which ones have to fail."""

from collections.abc import Mapping

import pytest

from wirematrix import (
    RawCell,
    close_codes_passed,
    handshakes_failed,
    measures,
    never_requested,
    origin,
    protocol_agreed,
)

TIMES = 3  # each failure, for a spread
REFUSED = "refused port"
REJECTIONS = {"200": 200, "401": 401, "403": 403, "404": 404, "503": 503}
NOT_FORWARDED = {"200 page": 200, "400": 400, "426": 426, "501": 501}


@pytest.mark.entries("C06")
async def test_rejected_handshakes_look_alike(cell: RawCell) -> None:
    """A handshake that is answered with a status, ended, reset or refused fails as error and close 1006, not clean.

    The standard hides which of them it was, so that scripts cannot probe networks. Whether the time tells is recorded.
    """
    scripts = {about: origin.answers(status) for about, status in REJECTIONS.items()}
    await fails_each(cell, {**scripts, "FIN": ended, "RST": was_reset}, refused=True)


async def fails_each(cell: RawCell, scripts: Mapping[str, origin.Script], *, refused: bool = False) -> None:
    """Three sockets for each cause, one after the other, and a good one before them.

    The good ones keep Chromium from slowing the page's handshakes down, which it does where most of them fail. Each bad
    one has a port of its own, because Firefox makes an address wait that failed.
    """
    causes = (*scripts, REFUSED) if refused else tuple(scripts)
    cell.judge(handshakes_failed(*(name for about in causes for name in numbered(about))))
    cell.serve(origin.accepts(), place="/good")
    ports = {}
    for about in causes:
        cell.record(measures.ending(about, stream=numbered(about)[0]), measures.told_in_ms(about, numbered(about)))
        for name in numbered(about):
            if about in scripts:
                cell.serve(scripts[about], place=f"/{name}")
            ports[name] = await (cell.origin.listen() if about in scripts else cell.origin.closed_port())
    turns = [name for about in causes for name in ("good", *numbered(about))]
    await cell.open_in_turn(*turns, until=["over", "open"], ports=ports)
    await cell.wait_for("over", stream=turns[-1])


def numbered(about: str) -> tuple[str, ...]:
    """The streams' names of one cause."""
    return tuple(f"{about.replace(' ', '-')}-{number}" for number in range(TIMES))


async def ended(exchange: origin.Exchange) -> None:
    """No answer, and a FIN."""
    exchange.fin()


async def was_reset(exchange: origin.Exchange) -> None:
    """No answer, and a RST."""
    exchange.reset()


@pytest.mark.entries("C06", "S08")
async def test_accepted_and_then_closed_tells_why(cell: RawCell) -> None:
    """A server that accepts and then closes with a code of its own, 4401, is understood: code and reason arrive."""
    cell.judge(close_codes_passed((4401,)))
    cell.record(measures.ending("accepted, then closed with 4401", stream="code-4401"))
    cell.serve(origin.accepts(close=4401, reason="because 4401"), place="/code-4401")
    await cell.open("code-4401", "/code-4401")
    await cell.wait_for("over", stream="code-4401")


@pytest.mark.entries("C07")
async def test_redirected_handshake_fails(cell: RawCell) -> None:
    """A handshake that is answered with a redirect fails; nobody asks where it leads to."""
    names = [f"redirect-{status}" for status in (301, 302, 303, 307, 308)]
    cell.judge(handshakes_failed(*names), never_requested("landed"))
    cell.serve(origin.accepts(), place="/landed")
    for name in names:
        status = name.removeprefix("redirect-")
        cell.record(measures.ending(status, stream=name))
        cell.serve(origin.answers(int(status), headers={"Location": "/landed"}), place=f"/{name}")
    ports = {name: await cell.origin.listen() for name in names}
    await cell.open_in_turn(*names, until=["over", "open"], ports=ports)
    await cell.wait_for("over", stream=names[-1])


@pytest.mark.entries("C11")
async def test_subprotocol_of_the_servers_choice(cell: RawCell) -> None:
    """The server's choice among the offered subprotocols is agreed; one that was not offered fails the handshake."""
    cell.judge(protocol_agreed("chosen", "second"), handshakes_failed("not-offered"))
    cell.serve(choosing("second"), place="/chosen")
    cell.serve(choosing("third"), place="/not-offered")
    await cell.open_in_turn("chosen", "not-offered", until=["over", "open"], protocols=["first", "second"])
    await cell.wait_for("over", stream="not-offered")


@pytest.mark.entries("C11")
async def test_subprotocol_where_none_was_offered(cell: RawCell) -> None:
    """The page offers no subprotocol and the server names one: the handshake fails (RFC 6455, section 4.1)."""
    cell.judge(handshakes_failed("named"))
    cell.record(measures.ending("named and not offered", stream="named"))
    cell.serve(choosing("first"), place="/named")
    await cell.open_in_turn("named", until=["over", "open"])
    await cell.wait_for("over", stream="named")


@pytest.mark.entries("C11")
async def test_offered_subprotocols_must_be_answered(cell: RawCell) -> None:
    """The page offers subprotocols and the server's answer names none: the handshake fails.

    So the WebSockets standard; RFC 6455 alone would let it open.
    """
    cell.judge(handshakes_failed("unanswered"))
    cell.record(measures.ending("offered and not answered", stream="unanswered"))
    cell.serve(origin.accepts(), place="/unanswered")
    await cell.open_in_turn("unanswered", until=["over", "open"], protocols=["first"])
    await cell.wait_for("over", stream="unanswered")


def choosing(protocol: str) -> origin.Script:
    """The server accepts with this subprotocol, whatever was offered."""

    async def script(exchange: origin.Exchange) -> None:
        await (await exchange.upgrade(protocol=protocol)).serve()

    return script


@pytest.mark.entries("N05")
async def test_upgrade_not_forwarded(cell: RawCell) -> None:
    """Something on the way forwards the handshake without its Upgrade, or the answer: it fails as error and close 1006.

    The server sees a plain request and answers with a page or a status. The time until the page knows is what a client
    has to wait before it may fall back to another transport.
    """
    page = "<p>a page</p>"
    scripts = {about: origin.answers(status, page, media_type="text/html") for about, status in NOT_FORWARDED.items()}
    await fails_each(cell, {**scripts, "101 without Upgrade": stripped})


async def stripped(exchange: origin.Exchange) -> None:
    """The server accepts, but what it says about upgrading does not arrive (RFC 6455, section 4.1: fail)."""
    await exchange.respond(101, None, chunked=False)
