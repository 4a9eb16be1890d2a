"""`wirematrix load`: SSE and WebSocket under load, on equal terms.

A round is played by four processes: the server that is measured, a generator that receives, a publisher that says
what is due when, and this one, which tells them what to do and reads their meters. Nothing here judges: figures go
into the run file, `load_figures.py` says what they mean together.
"""
