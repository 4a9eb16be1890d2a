"""POST /channels/{channel}/messages: uplink beside a transport that only goes down."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from app.admission import authorise, note_uplink_request, noting_refusal
from app.bodies import Uplink, parse, read_body
from app.envelope import encode_payload
from app.feed import check_name
from app.service import ServiceOf

router = APIRouter()


@router.post(
    "/channels/{channel}/messages",
    status_code=202,
    openapi_extra={"requestBody": {"content": {"application/json": {"schema": Uplink.model_json_schema()}}}},
)
async def post_message(request: Request, service: ServiceOf, channel: str) -> JSONResponse:
    """Publish a message; the answer says which seq it got. It reaches every subscriber, the sender's too."""
    where = "POST body"
    note_uplink_request(service, request, channel)
    with noting_refusal(service, channel, None, by="status"):
        check_name(channel)
        authorise(service, request, channel)
        # Read before the feed is waited for: of a peer that leaves meanwhile the server drops what had come.
        body = await read_body(request, limit_bytes=service.settings.max_body_bytes, where=where)
        uplink = parse(body, Uplink, where=where)
        log = await service.feed.open(channel)
        done = await service.feed.publish(log, [encode_payload(uplink.data, where=where)], kind="uplink")
    service.log.note("uplink", channel=channel, seq=done.last)
    return JSONResponse({"seq": done.last}, status_code=202)
