"""Engines, APIs beside those that the transports need: what there is, asked for and used, beside what is documented."""

import gzip
from collections.abc import Mapping

import pytest

from wirematrix import RawCell, budgets, measures, origin

WORDS = ("one ", "two ", "three")
PACKED = gzip.compress("".join(WORDS).encode(), mtime=0)

EVENTSOURCE = {"url": "EventSource.url", "with_credentials": "EventSource.withCredentials"}
ADDRESSES = {
    "http_address": "new WebSocket with an http: address",
    "relative_address": "new WebSocket with a relative address",
    "url": "WebSocket.url",
}
SUCCESSORS = {
    "websocketstream": "WebSocketStream",
    "websocketstream_closed": "WebSocketStream.closed, with code and reason",
    "webtransport": "WebTransport",
    "webtransport_datagrams": "WebTransport.datagrams",
    "secure_context": "a secure context, which WebTransport needs",
}
READERS = {
    "async_iteration": "for await (… of response.body)",
    "values": "ReadableStream.values, without cancelling",
    "from": "ReadableStream.from",
    "text_decoder_stream": "body through a TextDecoderStream",
    "decompression": "body through a DecompressionStream (gzip)",
    "tee": "body read twice (tee)",
    "transfer": "body transferred (structuredClone)",
    "byte_reader": "body read into our own buffer (BYOB)",
    "bytes": "Response.bytes",
    "text_stream": "Response.textStream",
    "timeout_signal": "AbortSignal.timeout ends a fetch",
    "any_signal": "AbortSignal.any",
}
REQUESTS = {
    "stream_as_a_body": "a stream as a request's body",
    "duplex_option": "the option duplex is looked at",
    "duplex": "Request.duplex",
    "stream_sent": "a request with such a body, fetched (a data: address)",
}


async def asks_for(cell: RawCell, group: str, apis: Mapping[str, str], **urls: str) -> None:
    """Have the page ask for all APIs of a group."""
    cell.record(*(measures.api(name, title) for name, title in apis.items()))
    await cell.visit()
    wanted = {"group": group, "urls": urls, "ms": budgets.DELIVER.ms / len(apis)}
    await cell.ask("apis", wanted, within=budgets.DELIVER)


@pytest.mark.check
async def test_eventsource_properties(cell: RawCell) -> None:
    """Does an EventSource tell its address, and whether it goes with credentials?"""
    cell.serve(origin.streams("data: 1 one\n\n"))
    await asks_for(cell, "eventsource", EVENTSOURCE, stream=cell.url())


@pytest.mark.check
async def test_websocket_addresses(cell: RawCell) -> None:
    """Does a WebSocket open that is given an http: address, or a relative one, and does it tell its address?"""
    cell.serve(origin.accepts("1 one"))
    await asks_for(cell, "websocket addresses", ADDRESSES, http=cell.url(), ws=cell.stream_url())


@pytest.mark.check
async def test_websocket_successors(cell: RawCell) -> None:
    """What would follow the WebSocket: does a WebSocketStream hear and close, and is there a WebTransport?"""
    cell.serve(origin.accepts("1 one"))
    await asks_for(cell, "websocket successors", SUCCESSORS, ws=cell.stream_url())


@pytest.mark.check
async def test_body_readers(cell: RawCell) -> None:
    """The body of a response, read in ways that a fetch stream could be written with: which are there, and work?"""
    cell.serve(origin.streams(*WORDS, then="finish", media_type="text/plain"), place="/plain")
    cell.serve(origin.streams(PACKED, then="finish", media_type="application/gzip"), place="/packed")
    cell.serve(origin.silent(), place="/silent")
    urls = {name: cell.url(f"/{name}") for name in ("plain", "packed", "silent")}
    await asks_for(cell, "body readers", READERS, **urls)


@pytest.mark.check
async def test_request_streams(cell: RawCell) -> None:
    """Could a request be streamed, too: is a stream taken for a body, and the option `duplex` looked at?"""
    await asks_for(cell, "request streams", REQUESTS)
