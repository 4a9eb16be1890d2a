"""Charts of a load comparison as SVG: one module draws, one owns the library, the others choose what to draw."""

from __future__ import annotations

from wirematrix.load_model import Load
from wirematrix.report.charts.bars import bars
from wirematrix.report.charts.chart import Chart, NumberRow, Panel
from wirematrix.report.charts.figures import Figures
from wirematrix.report.charts.percentiles import percentiles
from wirematrix.report.charts.storm import storm
from wirematrix.report.charts.trends import trend

__all__ = ["Chart", "NumberRow", "Panel", "charts"]


def charts(load: Load) -> tuple[Chart, ...]:
    """Every chart that the comparison has numbers for, in the order of the questions."""
    figures = Figures(load)
    drawn = (
        percentiles(figures, "latency", "How late are deliveries?"),
        trend(figures, "latency-p50", "latency_p50_ms", "Latency of half of the deliveries, by subscribers"),
        trend(figures, "latency-p99", "latency_p99_ms", "Latency of 99 % of the deliveries, by subscribers"),
        trend(figures, "server-cpu", "server_cpu_s_per_100k", "What does a delivery cost the server?"),
        bars(figures, "saturation", "saturated_per_s", "How many deliveries at most?"),
        bars(figures, "memory", "memory_per_connection_kib", "What does a connection cost the server?"),
        storm(figures, "storm", "All cut at once: how soon are they back?"),
    )
    return tuple(chart for chart in drawn if chart is not None)
