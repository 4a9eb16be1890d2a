"""Engines, answers: what becomes of a stream whose first answer is a refusal, a redirect or of another type."""

from collections.abc import Mapping

import pytest

from wirematrix import RawCell, budgets, failed_for_good, heard_nothing, measures, origin, streams_opened

ONE = "data: 1 one\n\n"
STATUSES = (204, 205, 401, 404, 429, 500, 502, 503)  # HTML standard: any status but 200 fails the connection
RETRY_AFTER = {429: {"Retry-After": "1"}, 503: {"Retry-After": "1"}}
CONTROL = "control"  # an EventSource that comes back while others must not
NOT_A_STREAM = {"json": "application/json", "plain": "text/plain", "html": "text/html", "missing": None}
SPELLINGS = {
    "upper case": "TEXT/EVENT-STREAM",
    "charset=utf-8": "text/event-stream; charset=utf-8",
    "charset=iso-8859-1": "text/event-stream; charset=iso-8859-1",
    "an unknown parameter": "text/event-stream; colour=blue",
}


@pytest.mark.entries("C03")
async def test_error_status_at_first_is_final(cell: RawCell) -> None:
    """A first answer of another status than 200 ends the stream for good: it is asked for once, whatever Retry-After says.

    Another stream of the page, whose answers end in good order, comes back three times meanwhile.
    """
    names = [f"status-{status}" for status in STATUSES]
    cell.judge(failed_for_good(*names, control=CONTROL))
    cell.serve(origin.streams(ONE, then="finish"), place=f"/{CONTROL}")
    await cell.open(CONTROL, f"/{CONTROL}", transport="eventsource")
    for status, name in zip(STATUSES, names, strict=True):
        cell.record(measures.fate(str(status), stream=name, place=f"/{name}"))
        cell.record(measures.status_seen(str(status), stream=name))
        cell.serve(refuses(status), place=f"/{name}")
    await cell.open_all(*names)
    await cell.asked(4, place=f"/{CONTROL}", budget=budgets.RECOVER)


def refuses(status: int) -> origin.Script:
    """A whole answer of that status which would be an event stream if the status were 200."""

    async def script(exchange: origin.Exchange) -> None:
        if status in (204, 205):
            await exchange.respond(status, length=0 if status == 205 else None)
        else:
            await exchange.answer(status, ONE, media_type=origin.EVENT_STREAM, headers=RETRY_AFTER.get(status, {}))

    return script


@pytest.mark.entries("C04")
async def test_wrong_content_type_is_final(cell: RawCell) -> None:
    """An answer of another content type than text/event-stream, or of none, ends the stream for good, unheard."""
    cell.judge(failed_for_good(*NOT_A_STREAM, control=CONTROL), heard_nothing(*NOT_A_STREAM))
    cell.serve(origin.streams(ONE, then="finish"), place=f"/{CONTROL}")
    await cell.open(CONTROL, f"/{CONTROL}")
    for name, media_type in NOT_A_STREAM.items():
        cell.record(measures.fate(name, stream=name, place=f"/{name}"))
        cell.serve(origin.streams(ONE, media_type=media_type, then="finish"), place=f"/{name}")
    await cell.open_all(*NOT_A_STREAM)
    await cell.asked(4, place=f"/{CONTROL}", budget=budgets.RECOVER)


@pytest.mark.check
@pytest.mark.entries("C04")
async def test_spellings_of_the_content_type(cell: RawCell) -> None:
    """The content type in capitals, with a charset, with an unknown parameter: is it a stream, and what is heard?"""
    for number, (about, media_type) in enumerate(SPELLINGS.items()):
        name = f"spelling-{number}"
        cell.record(measures.fate(about, stream=name, place=f"/{name}"), measures.heard(about, stream=name))
        cell.serve(origin.streams("data: 1 Grüße\n\n", media_type=media_type), place=f"/{name}")
    await cell.open_all(*(f"spelling-{number}" for number in range(len(SPELLINGS))))
    await cell.wait_for("message", "over", count=len(SPELLINGS))


@pytest.mark.entries("C05")
async def test_cors_decides_what_is_heard(cell: RawCell) -> None:
    """A page of another origin hears of a stream with credentials what its CORS headers allow, and of others nothing.

    Recorded beside it: whether a stream that may not be read is asked for again.
    """
    allowed, forbidden = ("credentials allowed", "wildcard"), ("no header", "wildcard with credentials", "not allowed")
    cell.judge(streams_opened(*map(named, allowed)), heard_nothing(*map(named, forbidden)))
    for about in (*allowed, *forbidden):
        name = named(about)
        cell.record(measures.fate(about, stream=name, place=f"/{name}"))
        cell.record(measures.request_count(about, place=f"/{name}"))
        cell.serve(allowing(CORS[about]), place=f"/{name}")
        await cell.open(name, f"/{name}", credentials=about != "wildcard")
    for about in (*allowed, *forbidden):
        await cell.wait_for("error", "over", stream=named(about))
    cell.serve(origin.streams(ONE, then="finish"), place=f"/{CONTROL}")
    await cell.open(CONTROL, f"/{CONTROL}", transport="eventsource")
    await cell.asked(3, place=f"/{CONTROL}", budget=budgets.REOPEN)


CORS: Mapping[str, Mapping[str, str]] = {
    "credentials allowed": {"Access-Control-Allow-Origin": "the page's", "Access-Control-Allow-Credentials": "true"},
    "wildcard": {"Access-Control-Allow-Origin": "*"},
    "no header": {},
    "wildcard with credentials": {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Credentials": "true",
    },
    "not allowed": {"Access-Control-Allow-Origin": "the page's"},
}


def named(about: str) -> str:
    """A stream's name, which is its path."""
    return about.replace(" ", "-")


def allowing(headers: Mapping[str, str]) -> origin.Script:
    """A short stream with these headers and no others of CORS."""

    async def script(exchange: origin.Exchange) -> None:
        asking = exchange.request.header("origin") or ""
        own = {name: asking if value == "the page's" else value for name, value in headers.items()}
        await exchange.respond(headers=own, cors=False)
        await exchange.send(ONE)
        await exchange.finish()

    return script


@pytest.mark.entries("C07")
async def test_follows_redirects(cell: RawCell) -> None:
    """A redirect in place of the first answer is followed: 301, 302, 303, 307 and 308 lead to the stream."""
    names = [f"redirect-{status}" for status in (301, 302, 303, 307, 308)]
    cell.judge(streams_opened(*names))
    for name in names:
        status = name.removeprefix("redirect-")
        cell.record(measures.request_count(f"{status}, where it leads to", place=f"/landed-{status}"))
        cell.serve(origin.answers(int(status), headers={"Location": f"/landed-{status}"}), place=f"/{name}")
        cell.serve(origin.streams(ONE), place=f"/landed-{status}")
    await cell.open_all(*names)
    await cell.wait_for("open", "over", count=len(names))
