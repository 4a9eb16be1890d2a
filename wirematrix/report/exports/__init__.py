"""A run file in the formats of other tools. Each module knows one format; `cases` says once what a cell is to all."""

from wirematrix.report.exports.badge import badge_svg
from wirematrix.report.exports.csvtable import csv_table
from wirematrix.report.exports.ctrf import ctrf_json
from wirematrix.report.exports.junit import junit_xml
from wirematrix.report.exports.wptreport import wptreports

__all__ = ["badge_svg", "csv_table", "ctrf_json", "junit_xml", "wptreports"]
