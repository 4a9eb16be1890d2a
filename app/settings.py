"""What an operator may set: environment variables that begin with `APP_`. Times in milliseconds, sizes in bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.middlewares import Middleware

MIB = 1024 * 1024
STATIC = Path(__file__).resolve().parent.parent / "static"

Period = Annotated[int, Field(ge=1, le=24 * 3600 * 1000)]


class Settings(BaseSettings):
    """The service's settings, frozen; `null` in the environment stands for None."""

    model_config = SettingsConfigDict(env_prefix="APP_", env_parse_none_str="null", frozen=True)

    # History of a channel: what a subscriber that comes back can still be given.
    replay_limit: int = Field(default=1_000, ge=0, description="messages kept per channel")
    replay_bytes: int = Field(default=32 * MIB, ge=0, description="bytes of them kept per channel")
    max_channels: int = Field(default=1_000, ge=1, description="idle channels beyond this are forgotten, oldest first")

    feed: Annotated[str, Field(pattern="^(redis|rediss|unix)://")] | None = Field(
        default=None, description="a Redis for several instances, redis://HOST:PORT/DB or unix://SOCKET; null: none"
    )

    # One subscriber: what may wait for it before it counts as a slow consumer.
    queue_limit: int = Field(default=1_000, ge=1, description="messages waiting")
    queue_bytes: int = Field(default=8 * MIB, ge=1, description="bytes waiting")
    max_subscribers: int = Field(default=10_000, ge=1, description="in all channels together")

    # Liveness.
    heartbeat_ms: Period | None = Field(default=15_000, description="a message even when nothing happens; null: never")
    retry_ms: Annotated[int, Field(ge=0)] | None = Field(default=None, description="SSE `retry:`; null: not sent")
    peer_timeout_ms: Period | None = Field(default=60_000, description="sent bytes unacknowledged that long: peer lost")
    drain_ms: int = Field(default=2_000, ge=100, le=600_000, description="from told to end until cut off")

    # What comes in.
    max_body_bytes: int = Field(default=4 * MIB, ge=1, description="one uplink, as POST body or WebSocket message")
    access_token: SecretStr | None = Field(default=None, description="opens channels named private-...; null: none do")
    allow_origins: tuple[str, ...] = Field(default=(), description='whose pages may read, a JSON array; "*": any')
    websocket_compression: bool = Field(default=False, description="permessage-deflate (RFC 7692): +35 kB a connection")

    # Operation.
    static: Path = Field(default=STATIC, description="folder of the pages; without it there are none")
    control: bool = Field(default=False, description="mount /control; a test bench, never for the public")
    middleware: Middleware | None = Field(default=None, description="wrap the application; a test bench, too")
    connection_log: bool = Field(default=False, description="one JSON line per fact on stdout")
    log_level: Literal["critical", "error", "warning", "info", "debug"] = Field(
        default="warning", description="stderr; from info on uvicorn writes URLs, and with them access tokens"
    )
