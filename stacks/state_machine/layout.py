"""Where each state is drawn: laid out by dagre when the templates are made, so that a run's page only colours the drawing.

A statement of the Data API is a loop of states within a parallel state (`LoadStaging: submit` in `LoadStaging`); the drawing
has the parallel state only. Nearly every state leads to the failure states by a catch: these edges would hide all others, so the
drawing has only the edges that a few states have.
"""

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

from report.document import Edge, Graph, Node

_SCRIPT = Path(__file__).with_name("layout.mjs")
_LETTER = 7.0  # the width of a letter on the page, about
_HEIGHT = 26
_PADDING = 28
_MANY = 4
"""Catches of more states than these that lead to the same state are not drawn."""

State = Mapping[str, Any]
Direction = Literal["TB", "LR"]


def layout_of(definition: Mapping[str, Any]) -> Graph:
    """The drawing of a state machine's definition in Amazon States Language; node runs for it once for each definition."""
    return _laid_out(json.dumps(_shape(definition), sort_keys=True))


def _shape(definition: Mapping[str, Any]) -> dict[str, Any]:
    """What the layout depends on: names, types, what is inside what, and what leads where."""
    levels = list(_levels(definition, None))
    states = [(name, state, around) for level, around in levels for name, state in level.items()]
    caught = Counter(catcher["Next"] for _, state, _ in states for catcher in state.get("Catch", []))
    return {
        "nodes": [{"name": name, "type": state["Type"], "around": around} for name, state, around in states],
        "edges": [edge for name, state, _ in states for edge in _edges(name, state, caught)],
    }


def _levels(
    definition: Mapping[str, Any], around: str | None
) -> Iterator[tuple[Mapping[str, State], str | None]]:
    states: Mapping[str, State] = definition["States"]
    yield states, around
    for name, state in states.items():
        for inner in _inside(name, state):
            yield from _levels(inner, name)


def _inside(name: str, state: State) -> list[Mapping[str, Any]]:
    """The branches of a parallel state or the iteration of a map, without the steps of a statement."""
    branches = [
        *state.get("Branches", []),
        *filter(None, [state.get("ItemProcessor") or state.get("Iterator")]),
    ]
    return [branch for branch in branches if not branch["StartAt"].startswith(f"{name}: ")]


def _edges(name: str, state: State, caught: Counter[str]) -> Iterator[dict[str, Any]]:
    for to, label in (
        (state.get("Next"), None),
        *((choice["Next"], None) for choice in state.get("Choices", [])),
        (state.get("Default"), "otherwise"),
        *(
            (catcher["Next"], "error")
            for catcher in state.get("Catch", [])
            if caught[catcher["Next"]] <= _MANY
        ),
    ):
        if to is not None:
            yield {"from": name, "to": to, "label": label}


@cache
def _laid_out(shape: str) -> Graph:
    """`shape` is JSON, and so the key of the cache."""
    asked = json.loads(shape)
    return laid_out(asked["nodes"], asked["edges"], "TB")


def laid_out(
    nodes: Sequence[Mapping[str, Any]], edges: Sequence[Mapping[str, Any]], direction: Direction
) -> Graph:
    """A drawing of nodes with name, type and the name of the node `around` them, and of edges with from, to and label.

    The label of a node is its name, or its `label`.
    """
    holders = {node["around"] for node in nodes}
    # dagre draws no edge from or to a node that holds others: such an edge starts or ends at one of those inside
    inside = {node["around"]: node["name"] for node in reversed(nodes) if node["around"]}
    sized = [
        {
            "name": node["name"],
            "around": node["around"],
            "width": _width(node.get("label", node["name"])),
            "height": _HEIGHT,
        }
        for node in nodes
    ]
    ends = [{end: inside.get(edge[end], edge[end]) for end in ("from", "to")} for edge in edges]
    placed = _dagre(json.dumps({"direction": direction, "nodes": sized, "edges": ends}))
    return Graph(
        width=_rounded(placed["width"]),
        height=_rounded(placed["height"]),
        nodes=[
            Node(
                name=node["name"],
                type=node["type"],
                group=node["name"] in holders,
                x=_rounded(place["x"]),
                y=_rounded(place["y"]),
                width=_rounded(place["width"]),
                height=_rounded(place["height"]),
            )
            for node, place in zip(nodes, placed["nodes"], strict=True)
        ],
        edges=[
            Edge({**edge, "points": [[_rounded(x), _rounded(y)] for x, y in points]})  # type: ignore[typeddict-item]
            for edge, points in zip(edges, placed["edges"], strict=True)
        ],
    )


def _dagre(asked: str) -> dict[str, Any]:
    said = "node was not found"
    if node := shutil.which("node"):
        done = subprocess.run([node, _SCRIPT], input=asked, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            placed: dict[str, Any] = json.loads(done.stdout)
            return placed
        said = done.stderr
    raise RuntimeError(f"the drawing could not be laid out; node and `npm ci` are needed: {said}")


def _width(name: str) -> float:
    return len(name) * _LETTER + _PADDING


def _rounded(pixels: float) -> float:
    return round(pixels, 1)
