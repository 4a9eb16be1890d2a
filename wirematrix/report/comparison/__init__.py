"""The comparison of SSE and WebSocket as a Markdown document with its pictures, made from run files alone."""

from wirematrix.report.comparison.page import Comparison, comparison

__all__ = ["Comparison", "comparison"]
