"""Ways to serve the two transports beside the app: the physical limit, and what people write first.

`python -m load.tiers NAME --fd N` serves one of them on an inherited listening socket. All of them are asked alike:

    GET  /healthz
    GET  /sse/{channel}  or  WS /ws/{channel}        the app's envelopes
    GET  /control/channels/{channel}                 {"subscribers": 2, "published": 7}
    WS   /control/channels/{channel}/publish         each text frame {"data": ...} or {"items": [...]} is published

What they do not have is what the app has on top: resume, back-pressure with an end, an orderly drain, refusals.
"""
