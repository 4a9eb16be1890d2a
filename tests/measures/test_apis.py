"""The measure of APIs: it believes a page only if the page's control did not find what nobody has."""

from __future__ import annotations

from tests.timelines import page, story
from wirematrix import measures
from wirematrix.timeline import Timeline


def said(timeline: Timeline) -> tuple[object, ...]:
    """What is recorded of the API "tee"."""
    return measures.api("tee", "body read twice").fact(timeline).observed


def test_what_the_page_says_is_recorded() -> None:
    """The page's word, where the control found nothing."""
    control = page(1, "api", name="nobody_has", said="absent")
    assert said(story(control, page(2, "api", name="tee", said="works"))) == ("works",)
    assert said(story(control, page(2, "api", name="other", said="works"))) == ()


def test_a_page_that_believes_anything_is_not_believed() -> None:
    """A control that was found, that failed, or that never ran makes no record."""
    answer = page(2, "api", name="tee", said="works")
    for control in (
        [page(1, "api", name="nobody_has", said="is there")],
        [page(1, "api", name="nobody_has", said="fails: TypeError")],
        [],
    ):
        assert said(story(*control, answer)) == ()
    assert measures.api("tee", "body read twice").finding(story(answer)).held == "undecided"
