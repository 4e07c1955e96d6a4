"""The console of an endpoint that stays up: pages about its runs, mail, alarms and tables, for the person at this machine."""

from operations.console.serving import Console

__all__ = ["Console"]
