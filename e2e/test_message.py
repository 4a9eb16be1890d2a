"""Message: does everything arrive, once, in order, unchanged, both ways?"""

from wirematrix import (
    LiveCell,
    budgets,
    in_order,
    no_duplicate,
    no_gap,
    payloads_unchanged,
    uplinks_returned,
)

PAYLOADS = {
    "empty": "",
    "plain": "a plain sentence",
    "unicode": "grüße, 你好, שלום, 🧵👩‍👩‍👧",
    "newlines": "one\ntwo\r\nthree\rfour\n\n",
    "looks like SSE": "data: no\nid: 7\nretry: 1\n\nevent: end\n\n",
    "control characters": "\x00\x01\x1f\x7f\u2028\u2029\ufeff",
    "lone surrogate": "\ud83e and \udd29",
    "spaces": "  two before, two after  ",
    "one MiB": "0123456789abcdef" * 65_536,
}


async def test_delivers_a_thousand_in_order(cell: LiveCell) -> None:
    """A thousand numbered messages arrive in order, exactly once."""
    cell.judge(no_gap, no_duplicate, in_order)
    await cell.open()
    for _ in range(10):
        await cell.publish(100)
    await cell.fence(budgets.BULK)


async def test_keeps_payloads_unchanged(cell: LiveCell) -> None:
    """Unicode, newlines, control characters, an empty string and a megabyte arrive as they were sent."""
    cell.judge(payloads_unchanged)
    await cell.open()
    await cell.publish_texts(PAYLOADS)
    await cell.fence(budgets.BULK)


async def test_sends_uplink_messages(cell: LiveCell) -> None:
    """What the page sends reaches the server and comes back over the stream, once."""
    cell.judge(uplinks_returned)
    await cell.open()
    for number in range(5):
        await cell.send(f"uplink {number}: grüße 🧵")
    await cell.wait_for(type="uplink", count=5)
    await cell.fence()
