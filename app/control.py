"""/control/*: publish, statistics, and misbehave on purpose. A test bench, mounted only when APP_CONTROL is true."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import AfterValidator, Field, model_validator

from app.bodies import Shape, StrictModel, parse, read_body
from app.channel import Channel
from app.connections import Ending
from app.envelope import encode_payload
from app.feed import Acknowledged, Feed
from app.refusal import Refused
from app.service import ServiceOf

MAX_CONTROL_BYTES = 64 * 1024 * 1024
MAX_DELAY_MS = 600_000

router = APIRouter(prefix="/control")
Json = dict[str, Any]


def sendable_code(code: int) -> int:
    """A close code that may be on the wire (RFC 6455 section 7.4; 1004 to 1006 and 1015 may not)."""
    if code in {1000, 1001, 1002, 1003, *range(1007, 1015)} or 3000 <= code <= 4999:
        return code
    message = "not a close code that may be sent: 1000-1003, 1007-1014, 3000-4999"
    raise ValueError(message)


class Publish(StrictModel):
    """One payload as `data`, or several as `items`."""

    data: Any = None
    items: Annotated[list[Any], Field(min_length=1)] | None = None
    type: Literal["update", "fence"] = "update"

    @model_validator(mode="after")
    def _one_of_both(self) -> Publish:
        if ("data" in self.model_fields_set) == ("items" in self.model_fields_set):
            message = "needs either data or items"
            raise ValueError(message)
        return self


class Close(StrictModel):
    """What live subscribers are told; SSE knows neither and just ends."""

    code: Annotated[int, AfterValidator(sendable_code)] = 1000
    reason: Annotated[str, Field(max_length=120)] = ""


class Tune(StrictModel):
    """What to change about a channel; absent keys stay, null switches off."""

    heartbeat_ms: Annotated[int, Field(ge=1)] | None = None
    retry_ms: Annotated[int, Field(ge=0)] | None = None
    header_delay_ms: Annotated[int, Field(ge=0, le=MAX_DELAY_MS)] = 0
    quiet_ms: Annotated[int, Field(ge=0, le=MAX_DELAY_MS)] = 0
    hint_unbuffered: bool = True
    next_status: Annotated[int, Field(ge=200, le=599)] | None = None
    next_count: Annotated[int, Field(ge=1)] = 1
    replay_limit: Annotated[int, Field(ge=0)] = 0


class Mute(StrictModel):
    """How long to be silent; 0 ends a silence."""

    ms: Annotated[int, Field(ge=0, le=MAX_DELAY_MS)]


async def read(request: Request, shape: type[Shape], *, may_be_empty: bool = False) -> Shape:
    """The body of a /control request."""
    where = request.url.path
    body = await read_body(request, limit_bytes=MAX_CONTROL_BYTES, where=where)
    return parse(b"{}" if may_be_empty and not body else body, shape, where=where)


async def publish_wish(feed: Feed, log: Channel, wish: Publish) -> Acknowledged:
    """Publish what was asked for in one go; raises Refused when the channel is finished or JSON cannot carry it."""
    items = [wish.data] if wish.items is None else wish.items
    return await feed.publish(log, [encode_payload(item, where="publish") for item in items], kind=wish.type)


@router.post("/channels/{channel}/publish")
async def publish(request: Request, service: ServiceOf, channel: str) -> Json:
    """Publish one message or several in one go."""
    log = await service.feed.open(channel)
    done = await publish_wish(service.feed, log, await read(request, Publish))
    return {"epoch": done.epoch, "seqs": [done.first, done.last]}


@router.post("/channels/{channel}/fence")
async def fence(service: ServiceOf, channel: str) -> Json:
    """Publish a message whose arrival proves that nothing before it is still to come."""
    done = await service.feed.publish(await service.feed.open(channel), ["null"], kind="fence")
    return {"epoch": done.epoch, "seq": done.last}


@router.get("/channels/{channel}")
async def statistics(service: ServiceOf, channel: str) -> Json:
    """What is known about a channel."""
    return describe(service, await service.feed.open(channel))


@router.post("/channels/{channel}/close")
async def close(request: Request, service: ServiceOf, channel: str) -> Json:
    """End the live subscribers after what waits for them."""
    subscribers = service.connections.of(await service.feed.open(channel))
    wish = await read(request, Close, may_be_empty=True)
    for subscriber in subscribers:
        service.connections.end(subscriber, Ending(because="closed by server", code=wish.code, reason=wish.reason))
    return {"closed": len(subscribers)}


@router.post("/channels/{channel}/finish")
async def finish(service: ServiceOf, channel: str) -> Json:
    """No more messages, ever: live subscribers end after what waits, later ones after what is left to replay."""
    log = await service.feed.open(channel)
    await service.feed.finish(log)
    return describe(service, log)


@router.post("/channels/{channel}/tune")
async def tune(request: Request, service: ServiceOf, channel: str) -> Json:
    """Change how the channel treats subscribers; heartbeats of live ones change at once, too."""
    log = await service.feed.open(channel)
    wish = await read(request, Tune)
    changes = {key: getattr(wish, key) for key in wish.model_fields_set}
    if "next_status" in changes:
        changes["next_count"] = wish.next_count
    log.tuning = replace(log.tuning, **changes)
    if "heartbeat_ms" in changes:
        for subscriber in service.connections.of(log):
            subscriber.schedule_heartbeat()
    return asdict(log.tuning)


@router.post("/channels/{channel}/reset")
async def reset(service: ServiceOf, channel: str) -> Json:
    """Reset the TCP connections of the live subscribers."""
    subscribers = service.connections.of(await service.feed.open(channel))
    if any(subscriber.wire is None for subscriber in subscribers):
        raise not_possible("reset", "a server whose connections can be reached")
    for subscriber in subscribers:
        if subscriber.wire is not None:
            subscriber.wire.reset()
    return {"reset": len(subscribers)}


@router.post("/channels/{channel}/mute")
async def mute(request: Request, service: ServiceOf, channel: str) -> Json:
    """Send nothing at all to the live subscribers for a while."""
    subscribers = service.connections.of(await service.feed.open(channel))
    wish = await read(request, Mute)
    for subscriber in subscribers:
        subscriber.mute(wish.ms)
    return {"muted": len(subscribers)}


@router.post("/channels/{channel}/mark")
async def mark(service: ServiceOf, channel: str) -> Json:
    """Write a mark into the connection log: whoever has read it has read all that was noted before."""
    if not service.log.is_on:
        raise not_possible("mark", "a service whose connection log is on")
    service.log.note("mark", channel=(await service.feed.open(channel)).name)
    return {}


@router.post("/restart", status_code=202)
async def restart(service: ServiceOf) -> Json:
    """Drain, then serve again on the same listening socket with new epochs."""
    if service.restart is None:
        raise not_possible("restart", "a process started by `python -m app` on a system with execv")
    service.restart()
    return {"restarting": True}


def describe(service: ServiceOf, log: Channel) -> Json:
    """The statistics of a channel."""
    return {
        "epoch": log.epoch,
        "head": log.head,
        "oldest": log.oldest,
        "subscribers": len(service.connections.of(log)),
        "published": log.head,
        "finished": log.finished,
        "opened": log.opened,
        "evicted": log.evicted,
    }


def not_possible(what: str, expected: str) -> Refused:
    """The way this process was started has no means for it: 501."""
    return Refused(status=501, code=1011, where="control", what=f"cannot {what} here", expected=expected, got="none")
