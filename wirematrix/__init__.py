"""wirematrix: which real-time transport survives, in which browser engine, over which network?

The names below are what a scenario may use; everything else is machinery.
"""

from wirematrix import budgets, measures, origin
from wirematrix.checks import (
    asked_for,
    close_codes_passed,
    delay_measured,
    delivers_again,
    each_once_in_order,
    heard_heartbeats,
    in_order,
    is_over,
    never_delivered,
    no_duplicate,
    no_gap,
    nobody_left_behind,
    noticed_the_break,
    opened,
    opened_once_listening,
    payloads_unchanged,
    reopened,
    reopened_within,
    said_hello,
    server_learned,
    should,
    stayed_closed,
    told_of_the_gap,
    told_why,
    uplinks_returned,
    waited_as_asked,
    waited_at_least,
)
from wirematrix.driver import LiveCell
from wirematrix.measures import Measure
from wirematrix.rawcell import RawCell

__all__ = [
    "LiveCell",
    "Measure",
    "RawCell",
    "asked_for",
    "budgets",
    "close_codes_passed",
    "delay_measured",
    "delivers_again",
    "each_once_in_order",
    "heard_heartbeats",
    "in_order",
    "is_over",
    "measures",
    "never_delivered",
    "no_duplicate",
    "no_gap",
    "nobody_left_behind",
    "noticed_the_break",
    "opened",
    "opened_once_listening",
    "origin",
    "payloads_unchanged",
    "reopened",
    "reopened_within",
    "said_hello",
    "server_learned",
    "should",
    "stayed_closed",
    "told_of_the_gap",
    "told_why",
    "uplinks_returned",
    "waited_as_asked",
    "waited_at_least",
]
