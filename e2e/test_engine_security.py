"""Engines, security: which cookies, tokens and origins are sent, who may read, and what a policy forbids."""

import pytest

from wirematrix import (
    RawCell,
    budgets,
    header_carried,
    heard_nothing,
    measures,
    never_requested,
    origin,
    streams_opened,
)

SECRET = "data: 1 secret\n\n"
TOKEN = "open-sesame"
TIMES = 4
# Set by the server of 127.0.0.1 as a login sets them; engines that make the exception take loopback for secure.
COOKIES = (
    "unmarked=1; HttpOnly",
    "lax=1; HttpOnly; SameSite=Lax",
    "strict=1; HttpOnly; SameSite=Strict",
    "any-site=1; HttpOnly; SameSite=None",
    "any-site-secure=1; HttpOnly; SameSite=None; Secure",
)


async def log_in(cell: RawCell) -> None:
    """The page's own server sets its cookies: those of an automated context, with settings that users may have changed."""
    cell.serve(origin.answers(200, headers=[("Set-Cookie", cookie) for cookie in COOKIES]), place="/login")
    await cell.ask("fetch", {"name": "login", "url": "/login", "ms": budgets.DELIVER.ms})
    await cell.hears("fetched", name="login", status=200)


@pytest.mark.entries("S01", "S02", "S09")
async def test_another_site_reaches_for_the_stream(cell: RawCell) -> None:
    """A page of another site opens a stream to where the user is logged in: the Origin header tells the server.

    A server that checks it keeps its secret. One that does not tells a WebSocket, which no CORS protects. How far the
    user's cookies go along is recorded, from the page and from a frame of the user's site in it. localhost and
    127.0.0.1 are two sites; the cookies are those of an automated context, which is a private window in some engines.
    """
    asking = f"http://localhost:{cell.origin.port}"
    cell.judge(header_carried("unchecked", "Origin", asking), header_carried("checked", "Origin", asking))
    cell.judge(heard_nothing("checked"))
    cell.record(measures.heard("without a check of the origin", stream="unchecked"))
    cell.record(measures.heard("with a check of the origin", stream="checked"))
    cell.record(measures.cookies_sent("across sites, by default", place="/by-default"))
    cell.record(measures.cookies_sent("across sites, with credentials", place="/unchecked"))
    cell.record(measures.cookies_sent("from a frame in a page of another site", place="/framed"))
    tells = origin.either(origin.streams(SECRET, cors=False), origin.accepts("1 secret"))
    cell.serve(tells, place="/unchecked")
    cell.serve(tells, place="/by-default")
    cell.serve(tells, place="/framed")
    cell.serve(only_for_its_own(tells), place="/checked")
    await log_in(cell)
    await cell.visit(host="localhost")
    await cell.open_all("by-default")
    await cell.open_all("unchecked", "checked", credentials=True)
    await cell.open_elsewhere("framed", scope="frame", credentials=True)
    await cell.wait_for("elsewhere", stream="framed", said=["message", "failed", "over"])
    for name in ("by-default", "unchecked", "checked"):
        await cell.wait_for("message", "over", stream=name)


def only_for_its_own(tells: origin.Script) -> origin.Script:
    """403 for whoever comes from another origin than the request's own host, or does not say."""

    async def script(exchange: origin.Exchange) -> None:
        request = exchange.request
        if request.header("origin") != f"http://{request.header('host')}":
            await exchange.answer(403)
        else:
            await tells(exchange)

    return script


@pytest.mark.check
@pytest.mark.entries("S02")
async def test_cookies_on_the_same_site(cell: RawCell) -> None:
    """Which cookies go with a stream to the page's origin and to another port, by default and with credentials?"""
    places = {"origin": None, "port": cell.origin.page_port}
    for name in places:
        where = "the page's origin" if name == "origin" else "another port"
        cell.record(measures.cookies_sent(f"{where}, by default", place=f"/{name}"))
        cell.record(measures.cookies_sent(f"{where}, with credentials", place=f"/{name}-with"))
        for place in (f"/{name}", f"/{name}-with"):
            cell.serve(origin.either(origin.streams(SECRET), origin.accepts()), place=place)
    await log_in(cell)
    for name, port in places.items():
        await cell.open_all(name, port=port)
        await cell.open_all(f"{name}-with", port=port, credentials=True)
    await cell.wait_for("open", "over", count=4)


@pytest.mark.check
@pytest.mark.entries("S03")
async def test_ways_to_send_a_token(cell: RawCell) -> None:
    """A token in an Authorization header, in the address and before the host: does it arrive, and where is it seen?

    What is in the address is in the log of every server and proxy on the way.
    """
    ways = {"header": "as a header", "query": "in the query", "user": "before the host"}
    for name, about in ways.items():
        cell.record(measures.token_seen(about, TOKEN, stream=name, place=f"/{name}"))
        cell.record(measures.preflights(about, place=f"/{name}"))
        cell.serve(origin.either(origin.streams(SECRET), origin.accepts()), place=f"/{name}")
    await cell.open("header", "/header", headers={"Authorization": f"Bearer {TOKEN}"})
    await cell.open("query", f"/query?token={TOKEN}")
    await cell.open("user", "/user", host=f"reader:{TOKEN}@127.0.0.1")
    await cell.wait_for("open", "over", count=3)


@pytest.mark.entries("S03")
async def test_token_as_a_subprotocol(cell: RawCell) -> None:
    """A token that is offered as a subprotocol arrives in a header, and the socket opens if the server names another one."""
    cell.judge(streams_opened("token"), header_carried("token", "Sec-WebSocket-Protocol", f"bearer, {TOKEN}"))
    cell.record(measures.token_seen("as a subprotocol", TOKEN, stream="token", place="/token"))
    cell.serve(choosing_bearer, place="/token")
    await cell.open("token", "/token", protocols=["bearer", TOKEN])
    await cell.wait_for("open", "over", stream="token")


async def choosing_bearer(exchange: origin.Exchange) -> None:
    """Accept as "bearer"."""
    await (await exchange.upgrade(protocol="bearer")).serve()


@pytest.mark.check
@pytest.mark.entries("S04")
async def test_preflights_of_resuming(cell: RawCell) -> None:
    """Streams to another origin are opened with a Last-Event-ID, four times: how many preflights, and what do they cost?

    Then four times more where the engine may remember the preflight's answer for ten minutes; with the cache mode that
    stream clients use ("no-store"), and with the default one.
    """
    for about, age_s, cache in (
        ("each-time", 0, "no-store"),
        ("remembered", 600, "no-store"),
        ("remembered-in-default-mode", 600, "default"),
    ):
        names = [f"{about}-{number}" for number in range(TIMES)]
        cell.record(measures.preflights(about, place=f"/{about}"), measures.opens_ms(about, names))
        cell.serve(origin.streams(":\n\n", then="finish"), place=f"/{about}")
        cell.origin.preflight_age_s = age_s
        await cell.open_in_turn(*names, place=f"/{about}", headers={"Last-Event-ID": "1"}, cache=cache)


@pytest.mark.check
@pytest.mark.entries("S04")
async def test_preflights_of_coming_back(cell: RawCell) -> None:
    """An EventSource comes back by itself to another origin and asks from its last id on: are there preflights?"""
    cell.record(measures.preflights("coming back"), measures.asked_from())
    cell.serve(origin.streams("retry: 50\nid: 1\ndata: 1 one\n\n", then="finish"))
    await cell.open()
    await cell.asked(TIMES)


@pytest.mark.entries("S06")
async def test_content_policy(cell: RawCell) -> None:
    """The page's policy is connect-src 'self': a stream to its own origin opens, one to another is never asked for.

    Whether the constructor throws or an event comes is recorded.
    """
    cell.judge(streams_opened("own"), never_requested("forbidden"))
    cell.record(measures.told("forbidden by connect-src", stream="forbidden"))
    cell.origin.page_headers["Content-Security-Policy"] = "connect-src 'self'"
    for name in ("own", "forbidden"):
        cell.serve(origin.either(origin.streams(SECRET), origin.accepts()), place=f"/{name}")
    await cell.visit()
    await cell.open_all("forbidden", port=cell.origin.page_port)
    await cell.open_all("own")
    await cell.wait_for("open", stream="own")
    await cell.wait_for("error", "refused", stream="forbidden")
    await cell.watch(budgets.A_MOMENT)


@pytest.mark.check
@pytest.mark.entries("S08")
async def test_right_lost_in_mid_stream(cell: RawCell) -> None:
    """The server ends the stream of a reader who has lost the right to it, and refuses the next: what can the page tell?

    Over HTTP the body ends and the next request is answered 401; a WebSocket is closed with 4401.
    """
    cell.record(measures.told("right lost"), measures.request_count("right lost"))
    cell.record(measures.told("the next one", stream="next"), measures.status_seen("the next one", stream="next"))
    cell.serve(
        origin.either(origin.streams("retry: 50\n" + SECRET, then="finish"), origin.accepts("1 secret", close=4401)),
        origin.answers(401),
    )
    cell.serve(origin.answers(401), place="/next")
    await cell.open()
    await cell.wait_for("over", stream="a")
    await cell.open("next", "/next")
    await cell.wait_for("over", stream="next")
