"""How a channel lies in Redis: one hash, one stream, the scripts that change both in one step, and what an entry means.

The hash has the epoch, the newest number and whether the channel is finished. The id of an entry is its number,
`<seq>-0`; `<seq>-1` is the end of a channel that is finished after `<seq>`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

from app.channel import Channel
from app.envelope import Message, Published, encode_message

PUBLISH: Final = """
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch then
  epoch = ARGV[1]
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'head', 0)
end
if redis.call('HEXISTS', KEYS[1], 'finished') == 1 then return {epoch, -1} end
local head
for at = 6, #ARGV do
  head = redis.call('HINCRBY', KEYS[1], 'head', 1)
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[5], string.format('%.0f-0', head),
             'by', ARGV[2], 'kind', ARGV[3], 'ts', ARGV[4], 'data', ARGV[at])
end
return {epoch, head}
"""
FINISH: Final = """
if redis.call('HSETNX', KEYS[1], 'finished', 1) == 1 then
  local head = tonumber(redis.call('HGET', KEYS[1], 'head'))
  redis.call('XADD', KEYS[2], string.format('%.0f-1', head), 'finished', 1)
end
"""
# What came after the copy of a node, which knows an epoch and a number. Redis may have less than it acknowledged (it
# lost its disk, or did not write it in time): then its numbers would be given out twice, so they begin a new epoch.
READ_ON: Final = """
local epoch = redis.call('HGET', KEYS[1], 'epoch')
local head = tonumber(redis.call('HGET', KEYS[1], 'head') or '0')
if not epoch or (epoch == ARGV[2] and tonumber(ARGV[3]) > head) then
  epoch = ARGV[1]
  head = 0
  redis.call('DEL', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'head', head)
end
local after = '0'
if epoch == ARGV[2] then after = ARGV[3] end
return {epoch, head, redis.call('XRANGE', KEYS[2], '(' .. after .. '-0', '+')}
"""

Entry = tuple[str, Mapping[str, str]]


def keys(name: str) -> list[str]:
    """Where Redis has a channel: its epoch and newest number, and its messages; both on one node of a cluster."""
    return [f"app:{{{name}}}:meta", f"app:{{{name}}}:stream"]


def seq_of(entry: str) -> int:
    """The number in an entry's id."""
    return int(entry.partition("-")[0])


def is_end(entry: str) -> bool:
    """Whether an entry's id says that nothing comes after it."""
    return entry.endswith("-1")


def position(channel: Channel) -> str:
    """The id of the last entry that a copy has."""
    return f"{channel.head}-{int(channel.finished)}"


def messages_of(epoch: str, entries: Sequence[Entry]) -> Iterator[Message]:
    """Entries of a stream as every node encodes them."""
    for entry, found in entries:
        seq = seq_of(entry)
        yield encode_message(
            seq=seq,
            kind=cast(Published, found["kind"]),
            payload=found["data"],
            resume=f"{epoch}-{seq}",
            ts=found["ts"],
        )
