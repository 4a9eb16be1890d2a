"""Measures of cookies, tokens and places, on timelines that a person can follow."""

from __future__ import annotations

from tests.timelines import also, altered, page, server, story, without
from wirematrix import measures
from wirematrix.budgets import MINUTE
from wirematrix.model import Observation
from wirematrix.timeline import Timeline

TOKEN = "open-sesame"


def observed(measure: measures.Measure, timeline: Timeline) -> tuple[object, ...]:
    """What a measure finds."""
    return measure.fact(timeline).observed


def asked(target: str = "/stream", **headers: str) -> Observation:
    """The origin had a request."""
    return server(5, "request", connection=1, target=target, headers=list(map(list, headers.items())))


def test_cookies_are_named_by_the_alphabet() -> None:
    """The names without their values; "none" without the header, nothing without a request."""
    sent = measures.cookies_sent("x")
    assert observed(sent, story(asked(Cookie="lax=1; any-site=2"))) == ("any-site, lax",)
    assert observed(sent, story(asked())) == ("none",)
    assert observed(sent, story(asked("/other", Cookie="lax=1"))) == ()


def test_a_token_is_found_where_it_came_in() -> None:
    """In a header, in the address, in both, or nowhere; where there was no request, by the page's exception."""
    seen = measures.token_seen("x", TOKEN)
    assert observed(seen, story(asked(authorization=f"Bearer {TOKEN}"))) == ("in Authorization",)
    assert observed(seen, story(asked(f"/stream?token={TOKEN}"))) == ("in the URL",)
    both = story(asked(f"/stream?token={TOKEN}", cookie=TOKEN))
    assert observed(seen, both) == ("in the URL and Cookie",)
    assert observed(seen, story(asked())) == ("not sent",)
    thrown = story(page(1, "refused", stream="a", name="SyntaxError", because="SyntaxError: no"))
    assert observed(seen, thrown) == ("throws SyntaxError",)
    rejected = story(page(1, "error", stream="a", state=None, because="TypeError: no"))
    assert observed(seen, rejected) == ("no request: TypeError",)
    assert observed(seen, story(page(1, "error", stream="a", state="CLOSED"))) == ("no request: error",)
    assert observed(seen, story()) == ()


def test_a_stream_elsewhere_opens_or_says_why_not() -> None:
    """The first word that counts: open, or failed with the exception; else the last thing it said."""
    inside = measures.elsewhere("shared worker", stream="shared")
    opens = story(
        page(1, "elsewhere", stream="shared", said="opening"), page(2, "elsewhere", stream="shared", said="open")
    )
    assert observed(inside, opens) == ("opens",)
    failed = altered("page", "elsewhere", {"said": "failed", "because": "ReferenceError: gone"}, said="open")(opens)
    assert observed(inside, failed) == ("fails: ReferenceError",)
    assert observed(inside, without("page", "elsewhere", said="open")(opens)) == ("opening",)
    assert observed(inside, story()) == ("says nothing",)


def test_a_service_worker_sees_all_or_some_or_none() -> None:
    """The worker's word is counted against the server's: as many, fewer, none."""
    through = measures.passed_through()
    twice = story(asked(), asked(), *[page(at, "passed-through", place="/stream") for at in (1, 2)])
    assert observed(through, twice) == ("yes",)
    assert observed(through, also(asked())(twice)) == ("2 of 3",)
    assert observed(through, without("page", "passed-through")(twice)) == ("no",)
    assert observed(through, altered("page", "passed-through", {"place": "/other"})(twice)) == ("no",)
    assert observed(through, without("server", "request")(twice)) == ()


def test_a_life_ends_with_its_first_sign() -> None:
    """From open to error or close; the cap where neither came, nothing where it never opened."""
    lived = story(page(100, "open", stream="a"), page(30_100, "error", stream="a"), page(33_000, "open", stream="a"))
    measure = measures.lifetime_ms(MINUTE)
    assert observed(measure, lived) == (30_000,)
    assert observed(measure, without("page", "error")(lived)) == (MINUTE.unscaled_ms,)
    assert observed(measure, without("page", "open")(lived)) == ()


def test_pongs_are_timed_from_their_pings() -> None:
    """Each ping with the pong that follows; other frames are none."""
    timeline = story(
        server(10, "ping-sent"),
        server(11, "frame", name="text"),
        server(14, "frame", name="pong"),
        server(20, "ping-sent"),
        server(21, "frame", name="pong"),
    )
    assert observed(measures.pong_ms(), timeline) == (4, 1)
    assert observed(measures.pong_ms(), without("server", "frame", name="pong")(timeline)) == ()
