"""Which script answers which request, and what becomes of one that fails."""

from __future__ import annotations

import pytest

from tests.origin.rig import Rig, answered, head, request
from wirematrix import origin
from wirematrix.errors import ScriptFailed
from wirematrix.origin import Exchange

pytestmark = pytest.mark.anyio

# ── many requests ──


async def test_the_nth_request_gets_the_nth_script(rig: Rig) -> None:
    """Requests of a path are counted over all connections; the last script answers all that follow."""
    rig.origin.serve("/stream", origin.answers(200, "first"), origin.answers(503), origin.answers(200, "then"))
    rig.origin.serve("/other", origin.answers(200, "other"))
    kept = await rig.peer()
    got = []
    for target in ("/stream", "/other", "/stream?2", "/stream", "/stream"):
        peer = kept if target != "/stream?2" else await rig.peer()
        await peer.send(request(target=target))
        got.append((await answered(peer))[2])
    assert got == [b"first", b"other", b"", b"then", b"then"]
    assert rig.origin.asked("/stream") == 4
    assert [told["number"] for told in rig.of("request")] == [1, 1, 2, 3, 4]


async def test_a_connection_is_told_once(rig: Rig) -> None:
    """However many requests it brings, a connection is one observation, with its port, before its first request."""
    rig.origin.serve("/stream", origin.answers(200))
    peer = await rig.peer()
    for _ in range(3):
        await peer.send(request())
        await answered(peer)
    assert rig.kinds == ["connection", *["request", "respond", "end"] * 3]
    (told,) = rig.of("connection")
    assert told["port"] == rig.origin.port
    assert told["accepted_before_ms"] >= 0


async def test_requests_behind_an_unfinished_response_are_answered(rig: Rig) -> None:
    """A peer that takes a response for finished and asks again is heard: that is what is to be found out."""
    rig.origin.serve("/stream", origin.streams("a", then="hold"), origin.answers(200))
    peer = await rig.asking()
    await head(peer)
    await peer.read(6)
    await peer.send(request())
    assert (await head(peer))[0] == "HTTP/1.1 200 OK"
    assert [told["number"] for told in rig.of("request")] == [1, 2]


# ── mistakes of ours ──


async def test_an_unknown_path_is_our_mistake(rig: Rig) -> None:
    """The page asked for what no script serves: 404 for the page, and an error for us."""
    assert (await head(await rig.asking(target="/strem")))[0] == "HTTP/1.1 404 Not Found"
    with pytest.raises(Exception, match="the page asked for /strem; no script serves it"):
        rig.origin.check()


async def test_no_script_is_a_mistake(rig: Rig) -> None:
    """A path needs at least one script."""
    with pytest.raises(Exception, match="no script for /stream"):
        rig.origin.serve("/stream")


async def test_a_failing_script_is_ours_and_hurts_nobody(rig: Rig) -> None:
    """A script that raises is remembered with path, number and cause; its connection is reset, others go on."""

    async def breaks(exchange: Exchange) -> None:
        raise KeyError("seq")

    rig.origin.serve("/stream", origin.streams("a"), breaks)
    rig.origin.serve("/fine", origin.answers(200, "fine"))
    living = await rig.asking()
    await head(living)
    rig.origin.check()
    assert await (await rig.asking()).ends() == "reset"
    with pytest.raises(ScriptFailed, match=r"^origin: the script of /stream, request 2: KeyError: 'seq'$") as failed:
        rig.origin.check()
    assert isinstance(failed.value.__cause__, KeyError)
    assert (await answered(await rig.asking(target="/fine")))[2] == b"fine"
    assert await living.read(6) == b"1\r\na\r\n"
    assert living.quiet()


async def test_the_first_failure_counts(rig: Rig) -> None:
    """Of several failures the first is told: the others may follow from it."""

    def failing(mistake: Exception) -> origin.Script:
        async def script(exchange: Exchange) -> None:
            raise mistake

        return script

    rig.origin.serve("/stream", failing(ValueError("one")), failing(TypeError("two")))
    for _ in range(2):
        await (await rig.asking()).ends()
    with pytest.raises(ScriptFailed, match="ValueError: one"):
        rig.origin.check()


async def test_a_script_notes_what_it_likes(rig: Rig) -> None:
    """A script's own observation carries its connection."""

    async def script(exchange: Exchange) -> None:
        exchange.note("paused", after=3)
        await exchange.answer(200)

    rig.origin.serve("/stream", script)
    await answered(await rig.asking())
    assert rig.of("paused") == [{"connection": 1, "after": 3}]
