"""`python -m load.bench`: what fan-out costs the app beside other ways to do it, and what receiving costs clients.

Ratios, not times: everything that is compared is measured in turns, in one run, on one machine.
"""
