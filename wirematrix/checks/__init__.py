"""Checks: named pure predicates over a timeline that answer held, broken or undecided, with numbers.

A check never asserts and never sees a page. By itself it is a MUST; `should(check)` makes it good practice.
`undecided` is for missing evidence: it never counts in an engine's favour.
"""

from wirematrix.checks.claims import Check, Claim, how_it_ended, must, should
from wirematrix.checks.connect import is_over, never_delivered, opened, opened_once_listening, said_hello, told_why
from wirematrix.checks.delivery import (
    Dispatched,
    all_pushed_in_order,
    bytes_unchanged,
    failed_the_connection,
    heard_exactly,
    pings_answered,
)
from wirematrix.checks.drop import (
    heard_heartbeats,
    nobody_left_behind,
    noticed_the_break,
    server_learned,
    stayed_closed,
    stayed_open,
)
from wirematrix.checks.message import in_order, no_duplicate, no_gap, payloads_unchanged, uplinks_returned
from wirematrix.checks.raw import asked_for, close_codes_passed, each_once_in_order, waited_at_least
from wirematrix.checks.reconnect import (
    delay_measured,
    delivers_again,
    reopened,
    reopened_within,
    told_of_the_gap,
    told_of_the_new_epoch,
    waited_as_asked,
)
from wirematrix.checks.streams import (
    asked_afresh,
    ended_by_the_page,
    failed_for_good,
    handshakes_failed,
    header_carried,
    heard_nothing,
    never_requested,
    opened_elsewhere,
    pongs_came,
    protocol_agreed,
    streams_opened,
)

__all__ = [
    "Check",
    "Claim",
    "Dispatched",
    "all_pushed_in_order",
    "asked_afresh",
    "asked_for",
    "bytes_unchanged",
    "close_codes_passed",
    "delay_measured",
    "delivers_again",
    "each_once_in_order",
    "ended_by_the_page",
    "failed_for_good",
    "failed_the_connection",
    "handshakes_failed",
    "header_carried",
    "heard_exactly",
    "heard_heartbeats",
    "heard_nothing",
    "how_it_ended",
    "in_order",
    "is_over",
    "must",
    "never_delivered",
    "never_requested",
    "no_duplicate",
    "no_gap",
    "nobody_left_behind",
    "noticed_the_break",
    "opened",
    "opened_elsewhere",
    "opened_once_listening",
    "payloads_unchanged",
    "pings_answered",
    "pongs_came",
    "protocol_agreed",
    "reopened",
    "reopened_within",
    "said_hello",
    "server_learned",
    "should",
    "stayed_closed",
    "stayed_open",
    "streams_opened",
    "told_of_the_gap",
    "told_of_the_new_epoch",
    "told_why",
    "uplinks_returned",
    "waited_as_asked",
    "waited_at_least",
]
