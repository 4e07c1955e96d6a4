"""Redshift node types: which ones AWS still creates, what replaces the others, and their ports.

AWS has refused new dc2 clusters since 2025-05-15 and ended dc2 on 2026-04-24; ds2 ended earlier. The replacements are
those of "Upgrading to RA3 node types" in the Redshift Management Guide,
https://docs.aws.amazon.com/redshift/latest/mgmt/working-with-clusters.html#rs-upgrading-to-ra3 (ds2: its 2021 edition).
"""

from dataclasses import dataclass
from math import ceil

RETIRED_FAMILIES = ("dc2", "ds2")
_RA3_PORTS = (range(5431, 5456), range(8191, 8216))
_NO_SCALING = ("ra3.large",)
_PAIR_AT_LEAST = ("ra3.4xlarge", "ra3.16xlarge")


@dataclass(frozen=True, kw_only=True)
class Nodes:
    """A number of Redshift nodes of one type."""

    type: str
    count: int

    def __post_init__(self) -> None:
        if self.type in _PAIR_AT_LEAST and self.count == 1:
            raise ValueError(
                f"redshift_node_count = 1 is too few: a cluster of {self.type} has at least 2 nodes"
            )

    def __str__(self) -> str:
        return f"{self.count} x {self.type}"

    @property
    def scales(self) -> bool:
        """Whether Redshift can add clusters while queries queue.

        Database Developer Guide, "Concurrency scaling candidates": not for a single node, and its list of node types begins with
        ra3.xlplus, next to dc2. The page tells nothing of rg.
        """
        return self.count > 1 and self.type not in _NO_SCALING

    @property
    def family(self) -> str:
        return self.type.partition(".")[0]


@dataclass(frozen=True, kw_only=True)
class _Step:
    """Up to `limit` nodes of the retired type: `new` nodes of `type` for every `old` ones."""

    limit: int
    type: str
    new: int
    old: int


_REPLACEMENTS = {
    "dc2.large": (
        _Step(limit=3, type="ra3.large", new=1, old=1),
        _Step(limit=4, type="ra3.large", new=3, old=4),
        _Step(limit=15, type="ra3.xlplus", new=3, old=8),
        _Step(limit=128, type="ra3.4xlarge", new=1, old=8),
    ),
    "dc2.8xlarge": (
        _Step(limit=15, type="ra3.4xlarge", new=2, old=1),
        _Step(limit=128, type="ra3.16xlarge", new=1, old=2),
    ),
    "ds2.xlarge": (
        _Step(limit=7, type="ra3.xlplus", new=2, old=3),
        _Step(limit=128, type="ra3.4xlarge", new=1, old=4),
    ),
    "ds2.8xlarge": (
        _Step(limit=15, type="ra3.4xlarge", new=2, old=1),
        _Step(limit=128, type="ra3.16xlarge", new=1, old=2),
    ),
}


def deployable(asked: Nodes) -> Nodes:
    """`asked` if AWS still creates such nodes, otherwise the documented replacement, rounded up.

    ValueError for a retired type without a documented replacement.
    """
    if asked.family not in RETIRED_FAMILIES:
        return asked
    if asked.type not in _REPLACEMENTS:
        known = ", ".join(_REPLACEMENTS)
        raise ValueError(
            f"redshift_node_type = {asked.type!r} is retired, and AWS names a replacement only for {known}: "
            "choose an ra3 type"
        )
    step = next(step for step in _REPLACEMENTS[asked.type] if asked.count <= step.limit)
    return Nodes(type=step.type, count=ceil(asked.count * step.new / step.old))


def check_port(nodes: Nodes, port: int) -> None:
    """ValueError if a cluster of these nodes cannot listen on `port`."""
    if nodes.family == "ra3" and not any(port in ports for ports in _RA3_PORTS):
        raise ValueError(
            f"redshift_port = {port} is not allowed for {nodes.type}: use 5431 to 5455 or 8191 to 8215"
        )
