"""Puts what a run has rejected back into the landing zone, as it is or repaired by hand."""

from local_cloud.replay.display import show_export, show_landed
from local_cloud.replay.export import Overview, export
from local_cloud.replay.landing import Landed, land, replay
from local_cloud.replay.zones import Zones, zones_here, zones_on_aws

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
