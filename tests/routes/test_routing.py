"""How a network names its route: what is taken, and what is refused by line, value and what is accepted."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from tests.small_matrix import BASE, mistake_in, write
from wirematrix import network, yamlfile
from wirematrix.network import KINDS
from wirematrix.routes import readable
from wirematrix.routing import ROUTES, keys_of

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "wirematrix/schema/matrix.schema.json").read_text(encoding="utf-8"))
PLAIN = "close: {title: an orderly end, kind: close}"
NAMES = ", ".join([*ROUTES][:-1]) + f" or {[*ROUTES][-1]}"


def over(via: str, kind: str = "close") -> str:
    """A whole matrix in which the network `close`, in line 8, is of a kind and leads over something."""
    return BASE.replace(PLAIN, f"close: {{title: an orderly end, kind: {kind}, via: {via}}}")


def parsed(via: str) -> network.Network:
    """The network that such a line describes."""
    return network.parse("odd", yamlfile.parse(f"{{title: odd, kind: reset, via: {via}}}".encode(), "matrix.yaml"))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("{route: nginx}", ("nginx", "front", 60)),
        ("{route: nginx-streaming, side: behind}", ("nginx-streaming", "behind", 60)),
        ("{route: haproxy, idle_s: 5}", ("haproxy", "front", 5)),
        ("{route: haproxy-tunnel, side: front, idle_s: 3600}", ("haproxy-tunnel", "front", 3600)),
        ("{route: caddy, side: behind}", ("caddy", "behind", None)),
        ("{route: gzip}", ("gzip", "front", None)),
    ],
)
def test_a_via_means_route_side_and_patience(written: str, meant: tuple[str, str, int | None]) -> None:
    """Without `side` the break is in front; without `idle_s` the route has its usual patience, or none at all."""
    via = parsed(written).via
    assert via is not None
    assert (via.route.name, via.side, via.idle_s) == meant


def test_a_network_without_via_has_no_route() -> None:
    """Most networks lead to the app by themselves."""
    node = yamlfile.parse(b"{title: odd, kind: reset}", "matrix.yaml")
    assert network.parse("odd", node).via is None


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("nginx", "via: got 'nginx'; expected a mapping"),
        ("{}", "via: key 'route' is missing; expected route"),
        ("{side: behind}", "via: key 'route' is missing; expected route"),
        ("{route: apache}", f"via.route: unknown route 'apache'; expected {NAMES}"),
        ("{route: ngnix}", f"via.route: unknown route 'ngnix' (did you mean 'nginx'?); expected {NAMES}"),
        ("{route: 5}", f"via.route: got 5; expected {NAMES}"),
        ("{route: nginx, side: left}", "via.side: unknown side 'left'; expected front or behind"),
        ("{route: nginx, idle_s: 0}", "via.idle_s: got 0; expected a whole number from 1 to 3600"),
        ("{route: nginx, idle_s: 3601}", "via.idle_s: got 3601; expected a whole number from 1 to 3600"),
        ("{route: nginx, idle_s: 2.5}", "via.idle_s: got 2.5; expected a whole number from 1 to 3600"),
        ("{route: nginx, idle_s: true}", "via.idle_s: got true; expected a whole number from 1 to 3600"),
        ("{route: nginx, port: 80}", "via.port: unknown key 'port'; expected route, side or idle_s"),
        (
            "{route: caddy, idle_s: 5}",
            "via.idle_s: unknown key 'idle_s' (did you mean 'side'?); expected route or side",
        ),
        ("{route: gzip, side: behind}", "via.side: unknown key 'side'; expected route"),
        ("{route: gzip, idle_s: 5}", "via.idle_s: unknown key 'idle_s'; expected route"),
    ],
)
def test_a_via_that_makes_no_sense_is_refused(written: str, said: str, tmp_path: Path) -> None:
    """What cannot be used, and what would change nothing, is refused by line and key; an editor marks it, too."""
    assert mistake_in(write(tmp_path, over(written))) == f"matrix.yaml:8: networks.close.{said}"
    assert not Draft202012Validator(SCHEMA).is_valid(plain(over(written)))


def test_lost_packets_know_no_route(tmp_path: Path) -> None:
    """Packets are lost in a network namespace, which no route leads through."""
    text = over("{route: nginx}", kind="packet-loss")
    assert mistake_in(write(tmp_path, text)) == (
        "matrix.yaml:8: networks.close.via: packets are lost on the way to a server, which no route is; expected no via"
    )
    assert not Draft202012Validator(SCHEMA).is_valid(plain(text))


def plain(text: str) -> Any:
    """The file's content as an editor with the schema sees it."""
    return YAML(typ="safe", pure=True).load(text)


def test_the_schema_knows_the_same_routes() -> None:
    """Routes and the keys each takes have one owner, and the schema agrees."""
    known: dict[str, tuple[str, ...]] = {}
    for each in SCHEMA["$defs"]["via"]["oneOf"]:
        own = each["properties"]
        known |= {name: tuple(key for key in own if key != "route") for name in own["route"]["enum"]}
    assert known == {name: keys_of(route) for name, route in ROUTES.items()}
    kinds = [each["properties"] for each in SCHEMA["$defs"]["network"]["oneOf"]]
    assert [one["kind"]["const"] for one in kinds if "via" not in one] == ["packet-loss"]
    assert len(kinds) == len(KINDS)


def test_the_documents_write_it_so() -> None:
    """What README and glossary show as networks over a route is taken as they say."""
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/glossary.md")]
    blocks = [block for text in texts for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "via:" in block]
    shown = {name: one for block in blocks for name, one in (plain(block).get("networks") or plain(block)).items()}
    assert set(shown) == {"caddy-far-away", "nginx-idle", "nginx-cut-behind"}
    for name, one in shown.items():
        node = yamlfile.parse(json.dumps(one).encode(), "README.md")
        via = network.parse(name, node).via
        assert via is not None
        assert via.route.name == one["via"]["route"]
        assert via.side == one["via"].get("side", "front")


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_a_route_says_what_its_configuration_does(route: Any) -> None:
    """TLS, the patience and the server's absence stand in the readable configuration exactly where the route says so."""
    text = readable(route.configuration)
    assert ("@CERTIFICATE@" in text) is route.tls
    assert ("@IDLE_S@" in text) is (route.idle_s is not None)
    assert ("add_middleware" in text or "compressor" in text) is bool(route.middleware)
    assert bool(route.program) is bool(route.package) is not bool(route.middleware)
    assert route.see.startswith("https://")
