"""wirematrix: which real-time transport survives, in which browser engine, over which network?

The names below are what a scenario may use; everything else is machinery.
"""

from wirematrix import budgets, measures, origin
from wirematrix.checks import (
    close_codes_passed,
    delay_measured,
    delivers_again,
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
)
from wirematrix.driver import LiveCell
from wirematrix.measures import Measure
from wirematrix.rawcell import RawCell

__all__ = [
    "LiveCell",
    "Measure",
    "RawCell",
    "budgets",
    "close_codes_passed",
    "delay_measured",
    "delivers_again",
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
]
