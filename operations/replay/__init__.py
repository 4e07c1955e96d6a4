"""Puts what a run has rejected back into the landing zone, as it is or repaired by hand."""

from operations.replay.display import show_export, show_landed
from operations.replay.export import Overview, export
from operations.replay.landing import Landed, land, replay
from operations.replay.zones import Zones, zones_here, zones_on_aws

__all__ = [
    "Landed",
    "Overview",
    "Zones",
    "export",
    "land",
    "replay",
    "show_export",
    "show_landed",
    "zones_here",
    "zones_on_aws",
]
