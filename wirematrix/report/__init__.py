"""Renderings of runs for people: one HTML file, a terminal summary, a Markdown job summary.

Everything here reads `model.Run` values and nothing else. `merge_views` turns one run or several into a
`ReportView`; the renderers turn that into text. Whatever came from a page or a server is hostile to all
of them: see `text.visible`.
"""

from wirematrix.report.factpage import facts_page
from wirematrix.report.html import render_html, write_report
from wirematrix.report.load_table import print_load
from wirematrix.report.markdown import markdown_summary
from wirematrix.report.merge import merge_views
from wirematrix.report.terminal import console_on, print_summary
from wirematrix.report.views import ReportView

__all__ = [
    "ReportView",
    "console_on",
    "facts_page",
    "markdown_summary",
    "merge_views",
    "print_load",
    "print_summary",
    "render_html",
    "write_report",
]
