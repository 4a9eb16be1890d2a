"""Measures: named pure functions from a timeline to what was observed of an engine, in numbers or categories."""

from wirematrix.measures.measure import Measure, shown_value, spoken

__all__ = ["Measure", "shown_value", "spoken"]
