"""All channels of a service, by name, and what publishing to one of them promises.

`app.redis_feed` shares them with other processes; what has to ask somebody there is `async` here, too.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.channel import Channel, OnPublish
from app.envelope import Published
from app.refusal import Refused, unavailable
from app.tuning import Tuning

EndAll = Callable[[Channel], None]  # ends all live subscribers: of a channel that is finished, or whose copy is lost
CHANNEL_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """What a publish was given: numbers `first` to `last` in an epoch."""

    epoch: str
    first: int
    last: int


class Feed:
    """All channels, in this process. One comes into being when first named; idle ones beyond a limit are forgotten."""

    @property
    def state(self) -> str:
        """Where messages are kept, and what is the matter with that."""
        return "memory"

    def __init__(
        self,
        *,
        tuning: Tuning,
        max_channels: int,
        on_publish: OnPublish = lambda _channel, _messages: None,
        end_all: EndAll = lambda _channel: None,
        traced: bool = False,
    ) -> None:
        self._tuning = tuning
        self._max_channels = max_channels
        self._on_publish = on_publish
        self._end_all = end_all
        self._traced = traced  # whether receivers want to know of each message what was written to their wires
        self._channels: OrderedDict[str, Channel] = OrderedDict()

    def channel(self, name: str) -> Channel:
        """The channel of this name, made if need be.

        Raises Refused for a name outside `[a-z0-9][a-z0-9._-]{0,63}`, and when all channels are in use.
        """
        channel = self._channels.get(name)
        if channel is None:
            check_name(name)
            self._make_room()
            channel = self._channels[name] = Channel(name, self._tuning, self._on_publish, traced=self._traced)
        self._channels.move_to_end(name)
        return channel

    async def start(self) -> None:
        """Before the first request."""

    async def close(self) -> None:
        """After the last one."""

    async def open(self, name: str) -> Channel:
        """The channel, ready to be subscribed to. Raises Refused like `channel`."""
        return self.channel(name)

    async def publish(self, channel: Channel, payloads: Sequence[str], *, kind: Published) -> Acknowledged:
        """Publish in one go, see `Channel.publish`; what is answered will not be lost by this feed."""
        messages = channel.publish(payloads, kind=kind)
        return Acknowledged(epoch=channel.epoch, first=messages[0].seq, last=messages[-1].seq)

    async def finish(self, channel: Channel) -> None:
        """No more messages, ever: live subscribers end after what waits, later ones after what is left to replay."""
        self._is_finished(channel)

    def _is_finished(self, channel: Channel) -> None:
        channel.finished = True
        self._end_all(channel)

    def __len__(self) -> int:
        return len(self._channels)

    def _make_room(self) -> None:
        """Forget the channel without subscribers that was used longest ago; whoever returns to it gets a gap."""
        if len(self._channels) < self._max_channels:
            return
        for name, channel in self._channels.items():
            if not channel.receivers and not channel.standby:
                del self._channels[name]
                return
        expected = f"at most {self._max_channels} channels with subscribers"
        raise unavailable("channels", "too many", code=1013, expected=expected, got=len(self._channels) + 1)


def check_name(name: str) -> None:
    """Raises Refused (404, close code 4404) for what cannot be the name of a channel."""
    if CHANNEL_NAME.fullmatch(name) is None:
        raise Refused(
            status=404,
            code=4404,
            where="channel",
            what="bad channel name",
            expected=f"{CHANNEL_NAME.pattern} (lower case, 64 characters at most)",
            got=name,
        )
