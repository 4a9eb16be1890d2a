"""What stood in between: the section of the report and the guide to deploying, counted from runs and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from tests.report.factory import attempt, cell, recording, run_of
from tests.report.pages import parsed
from tests.report.test_markdown import ATTACKS
from wirematrix.errors import InvalidInput
from wirematrix.model import Expectation, Fact, RouteText, Run, Status
from wirematrix.report import render_html
from wirematrix.report.deployingpage import deploying_page
from wirematrix.report.merge import merge_views
from wirematrix.report.routeviews import FIRST_EVENT, RoutesView, routes_view

MARKDOWN = MarkdownIt("commonmark").enable("table")
BUFFERING = "http {\n    proxy_buffering on;\n}\n"
STREAMING = "http {\n    proxy_buffering off;\n}\n"
NO_UPGRADE = Expectation(statuses=(Status.FAIL,), because="nginx passes no Upgrade on unless told to.", see="")


def route(name: str, *networks: str, configuration: str = STREAMING, server: str = "nginx 1.22.1") -> RouteText:
    """A route that a run tells of."""
    return RouteText(
        name=name,
        title=f"{name} in between",
        server=server,
        networks=networks or (name,),
        configuration=configuration,
        see="https://nginx.org/en/docs/",
    )


def two_routes() -> Run:
    """Over plain nginx no WebSocket opens; over nginx-streaming both transports do, and a cut behind it breaks one."""
    delay = Fact(name=FIRST_EVENT, title="the first event, published to seen", observed=(12.0,), cap=5_000)
    return run_of(
        recording(attempt(cell(transport="eventsource", network="nginx")), delay),
        attempt(cell(network="nginx"), Status.FAIL, "never opened", expectation=NO_UPGRADE),
        attempt(cell(transport="eventsource", network="nginx-streaming")),
        attempt(cell(network="nginx-streaming")),
        attempt(cell("notices_the_break", network="nginx-cut"), Status.FAIL, "nothing noticed"),
        routes=(route("nginx", configuration=BUFFERING), route("nginx-streaming", "nginx-streaming", "nginx-cut")),
    )


def between(*runs: Run) -> RoutesView:
    """What these runs tell of what stood in between."""
    return routes_view(merge_views(runs), runs)


def test_cells_are_counted_by_network_and_transport() -> None:
    """Each network of a route has, for each transport, how many cells hold of those that were begun."""
    plain, streaming = between(two_routes()).routes
    assert [(place.good, place.attempted) for place in plain.over[0].places] == [(1, 1), (0, 1)]
    assert [over.network for over in streaming.over] == ["nginx-streaming", "nginx-cut"]
    assert [(place.good, place.attempted) for place in streaming.over[1].places] == [(0, 0), (0, 1)]
    assert [slot.cell.scenario for slot in streaming.over[1].broken] == ["notices_the_break"]
    assert plain.first_event == ("12 ms, n 1", "")


@pytest.mark.parametrize("status", [Status.SKIP, Status.ERROR])
def test_cells_that_say_nothing_do_not_count(status: Status) -> None:
    """A cell whose server was not installed, or that failed by our fault, counts neither way: its route has no number."""
    only = run_of(attempt(cell(network="nginx"), status, "nginx is not installed"), routes=(route("nginx"),))
    [shown] = between(only).routes
    assert shown.over[0].attempted == 0
    assert shown.share == 0


def test_the_configuration_that_passed_carries_most() -> None:
    """Of one program's configurations the one over whose own network the largest share holds has passed."""
    shown = between(two_routes())
    assert [one.text.name for one in shown.passed("nginx 1.22.1")] == ["nginx-streaming"]
    alike = run_of(
        attempt(cell(network="nginx")),
        attempt(cell(network="nginx-streaming")),
        routes=(route("nginx"), route("nginx-streaming")),
    )
    assert len(between(alike).passed("nginx 1.22.1")) == 2


def test_a_balancer_is_no_stand_in_for_a_plain_route() -> None:
    """What leads to two apps is a subject of its own: neither is told as what one gets without the other."""
    balanced = route("nginx-balanced", configuration="server @APP@; server @OTHER@;")
    run = run_of(
        attempt(cell(network="nginx")),
        attempt(cell(network="nginx-balanced"), Status.FAIL, "2 of 5 never arrived"),
        routes=(route("nginx"), balanced),
    )
    assert list(between(run).programs) == ["nginx 1.22.1", "nginx 1.22.1, two apps"]
    assert "Without it" not in deploying_page([run])


def test_runs_add_up() -> None:
    """A route that two runs tell of stands once, with the networks of both; a network without cells is left out."""
    one = run_of(attempt(cell(network="nginx")), routes=(route("nginx", "nginx", "never-run"),))
    other = run_of(attempt(cell(network="nginx-idle")), routes=(route("nginx", "nginx-idle"),))
    [shown] = between(one, other).routes
    assert shown.text.networks == ("nginx", "nginx-idle")


def test_guide_tells_what_one_gets_without() -> None:
    """The configuration that passed stands whole; of the other there is what breaks, why, and a cell that shows it."""
    rendered = MARKDOWN.render(deploying_page([two_routes()]))
    assert "<pre><code>http {\n    proxy_buffering off;\n}\n</code></pre>" in rendered
    assert "proxy_buffering on" not in rendered
    assert "Breaks over nginx, and holds with the configuration above:" in rendered
    assert "websocket over nginx in Chromium: <strong>fail</strong>" in rendered
    assert "nginx passes no Upgrade on unless told to." in rendered
    assert "<code>opens[chromium-websocket-nginx]</code>" in rendered
    assert "<td>1 of 1<br>12 ms, n 1</td>" in rendered


def test_guide_promises_nothing_that_was_not_tried() -> None:
    """What was not run with the configuration that passed is not said to hold with it, nor what holds elsewhere only."""
    run = two_routes()
    left = attempt(cell("server_learns_page_closed", network="nginx"), Status.FAIL, "nobody told the server")
    elsewhere = attempt(cell("server_learns_page_closed", engine="firefox", network="nginx-streaming"))
    page = deploying_page([replace(run, attempts=(*run.attempts, left, elsewhere))])
    mended, _, untried = page.partition("Breaks over nginx, and was not tried with the configuration above:")
    assert "server_learns_page_closed" not in mended.partition("and holds with the configuration above")[2]
    assert "server_learns_page_closed&#91;chromium-websocket-nginx&#93;" in untried


def test_guide_follows_the_runs() -> None:
    """Where the other configuration breaks nothing more, the guide says that and no failure."""
    run = two_routes()
    held = replace(run, attempts=(run.attempts[0], attempt(cell(network="nginx")), *run.attempts[2:]))
    page = deploying_page([held])
    assert "Without it" not in page
    assert page.count("### nginx") == 2


def test_runs_over_no_route_make_no_guide() -> None:
    """Without a route there is nothing to tell: an error that says what to run, and no section in the report."""
    run = run_of(attempt(cell()))
    with pytest.raises(InvalidInput, match=r"led over a real server.*pytest e2e -m routes"):
        deploying_page([run])
    assert "between" not in parsed(render_html([run])).ids


def test_report_shows_configurations_beside_what_holds() -> None:
    """The section has each route's numbers, what breaks linked to its evidence, and the configuration as text."""
    page = parsed(render_html([two_routes()]))
    assert {"between", "route.nginx", "route.nginx-streaming"} <= set(page.ids)
    assert "#opens.chromium-websocket-nginx" in page.links
    assert "proxy_buffering on;" in page.words
    assert "proxy_buffering off;" in page.words


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_words_stay_words(attack: str) -> None:
    """Whatever a run file says of a route, neither page nor guide gets markup from it."""
    hostile = RouteText(
        name=attack, title=attack, server=attack, networks=("nginx",), configuration=attack, see=f"https://a.b/{attack}"
    )
    run = run_of(attempt(cell(network="nginx"), Status.FAIL, attack), routes=(hostile,))
    tags = {tag for tag, _ in parsed(MARKDOWN.render(deploying_page([run]))).tags}
    assert tags <= {*("h1", "h2", "h3", "p", "pre", "code", "strong", "br", "ul", "li")} | {
        *("table", "thead", "tbody", "tr", "th", "td")
    }
    plain = parsed(render_html([run_of(attempt(cell(network="nginx"), Status.FAIL, "why"), routes=(route("nginx"),))]))
    known = {tag for tag, _ in plain.tags}
    assert {tag for tag, _ in parsed(render_html([run])).tags} <= known | {"a"}
