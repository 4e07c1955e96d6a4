"""What ends the demo early."""

from capture.errors import CaptureError


class DemoError(CaptureError):
    """A part of the demo did not do its work; the message says which, and where its log is."""
