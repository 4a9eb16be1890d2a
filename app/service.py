"""The parts a request needs, made once by create_app and handed on by the application, never global."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from app.channel import Channel
from app.connection_log import ConnectionLog
from app.connections import FEED_LOST, FINISHED, Connections
from app.envelope import Message
from app.feed import Feed
from app.settings import Settings
from app.tuning import Tuning


@dataclass(slots=True, kw_only=True)
class Service:
    """Settings, channels, subscribers and the connection log of one application."""

    settings: Settings
    log: ConnectionLog
    feed: Feed
    connections: Connections
    restart: Callable[[], None] | None = field(default=None)  # set by whoever runs the process and can do it


def make_service(settings: Settings, *, log_to: Callable[[str], object] | None = None) -> Service:
    """The parts, wired to each other; `log_to` takes the connection log's text instead of stdout."""
    log = ConnectionLog(log_to or _write_stdout if settings.connection_log else None)

    def note_publish(channel: Channel, messages: Sequence[Message]) -> None:
        if log.is_on:
            for message in messages:
                log.note("publish", channel=channel.name, epoch=channel.epoch, seq=message.seq, type=message.kind)

    tuning = Tuning(
        heartbeat_ms=settings.heartbeat_ms,
        retry_ms=settings.retry_ms,
        replay_limit=settings.replay_limit,
        replay_bytes=settings.replay_bytes,
    )
    connections = Connections(settings, log)

    def end_all(channel: Channel) -> None:
        for subscriber in connections.of(channel):
            connections.end(subscriber, FINISHED if channel.finished else FEED_LOST)

    make: Callable[..., Feed] = Feed
    if settings.feed is not None:
        from app.redis_feed import RedisFeed  # noqa: PLC0415 - redis-py is an extra, and slow to load

        make = partial(RedisFeed, settings.feed)
    feed = make(
        tuning=tuning,
        max_channels=settings.max_channels,
        on_publish=note_publish,
        end_all=end_all,
        traced=log.is_on,
    )
    return Service(settings=settings, log=log, feed=feed, connections=connections)


def service_of(connection: HTTPConnection) -> Service:
    """The service behind a request or a WebSocket."""
    service: Service = connection.app.state.service
    return service


ServiceOf = Annotated[Service, Depends(service_of)]


def _write_stdout(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
