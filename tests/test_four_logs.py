"""The real app, the real proxy and the audit: four logs of one attempt, written down as the machinery does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import cast

import pytest
from websockets.asyncio.client import connect

from tests.app.serving import serving
from tests.rawlinks import BUDGET_S
from wirematrix.accounting import audit, losses
from wirematrix.faults import Blackhole
from wirematrix.proxy import FaultProxy
from wirematrix.timeline import Recorder

pytestmark = pytest.mark.anyio


async def hear(recorder: Recorder, messages: AsyncIterator[str], count: int, epoch: str) -> None:
    """What a page's code would be handed."""
    for _ in range(count):
        async with asyncio.timeout(BUDGET_S):
            envelope = json.loads(await anext(messages))
        recorder.observe("page", "message", type=envelope["type"], seq=envelope["seq"], epoch=epoch)


async def test_four_logs_of_the_real_app_tell_one_story() -> None:
    """Of the app's messages some arrive, some go into a blackhole, some are published to nobody: the audit says which."""
    recorder = Recorder()

    def observe(kind: str, /, **detail: object) -> None:
        recorder.observe("link", kind, at_ms=None, **detail)

    def publish(count: int) -> None:
        first, last = served.publish("c1", *range(count))
        recorder.observe("driver", "published", epoch=epoch, first=first, last=last)

    with serving() as served:
        epoch = served.statistics("c1")["epoch"]
        async with await FaultProxy.start(("127.0.0.1", served.port), observe) as proxy:
            async with connect(f"ws://127.0.0.1:{proxy.port}/ws/c1", proxy=None) as socket:
                messages = cast("AsyncIterator[str]", aiter(socket))
                await hear(recorder, messages, 1, epoch)
                await asyncio.to_thread(publish, 100)
                await hear(recorder, messages, 100, epoch)
                await proxy.apply(Blackhole())
                await asyncio.to_thread(publish, 3)
                await asyncio.to_thread(lambda: served.facts.wait(kind="send", channel="c1", seq=103))
                await proxy.heal()
                await asyncio.to_thread(lambda: served.wait_gone("c1"))
                await asyncio.to_thread(publish, 2)
            recorder.observe("driver", "clock")
            served.control("c1", "mark")
            [*_] = served.facts.wait(kind="mark", channel="c1")
        for fact in served.facts.all(channel="c1"):
            detail = {name: value for name, value in fact.items() if name not in {"at", "kind", "channel"}}
            recorder.observe("server", fact["kind"], at_ms=recorder.from_epoch_ms(fact["at"]), **detail)
    account = audit(recorder.timeline())
    assert account.received == tuple((epoch, seq) for seq in range(1, 101))
    assert (account.duplicated, account.reordered) == ((), ())
    assert losses(account) == "104, 105 never sent by the server; 101, 102, 103 lost in the link"
