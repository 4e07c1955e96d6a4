"""Answers that are sent as they are written: otherwise a body waits 40 ms for the acknowledgement of its headers (Nagle's algorithm)."""

from werkzeug.serving import WSGIRequestHandler


class AtOnce(WSGIRequestHandler):
    """For werkzeug's `make_server`."""

    disable_nagle_algorithm = True
