"""The drawing of the state machine, laid out from the synthesized definition."""

import json
from itertools import combinations, pairwise
from typing import Any

import pytest

from report.document import Graph, Node
from stacks.state_machine.layout import layout_of
from tests.stacks.deployments import Deployment
from tests.stacks.state_machine import FAILURE, StateMachine

SMALL: dict[str, Any] = {
    "StartAt": "Load",
    "States": {
        "Load": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "Load: begin", "States": {"Load: begin": {"Type": "Pass", "End": True}}}
            ],
            "Next": "Any?",
        },
        "Any?": {"Type": "Choice", "Choices": [{"Next": "Rank"}], "Default": "Done"},
        "Rank": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "Books", "States": {"Books": {"Type": "Task", "End": True}}},
                {"StartAt": "Authors", "States": {"Authors": {"Type": "Task", "End": True}}},
            ],
            "Catch": [{"Next": "Done"}],
            "Next": "Done",
        },
        "Done": {"Type": "Succeed"},
    },
}


@pytest.fixture(scope="module")
def machine(deployment: Deployment) -> StateMachine:
    return StateMachine.of(deployment)


@pytest.fixture(scope="module")
def graph(machine: StateMachine) -> Graph:
    return layout_of(machine.definition)


def test_every_state_is_drawn_once_and_no_step_of_a_statement(machine: StateMachine, graph: Graph) -> None:
    names = [node["name"] for node in graph["nodes"]]
    assert len(names) == len(set(names))
    assert set(names) == {nested.name for nested in machine.nested if ": " not in nested.name}


def test_no_two_states_overlap_unless_one_is_in_the_other(graph: Graph) -> None:
    single = [node for node in graph["nodes"] if not node["group"]]
    assert [
        (one["name"], other["name"]) for one, other in combinations(single, 2) if overlap(one, other)
    ] == []


def overlap(one: Node, other: Node) -> bool:
    return (
        abs(one["x"] - other["x"]) * 2 < one["width"] + other["width"]
        and abs(one["y"] - other["y"]) * 2 < one["height"] + other["height"]
    )


def test_everything_is_within_the_drawing(graph: Graph) -> None:
    for node in graph["nodes"]:
        assert 0 <= node["x"] - node["width"] / 2 <= node["x"] + node["width"] / 2 <= graph["width"], node
        assert 0 <= node["y"] - node["height"] / 2 <= node["y"] + node["height"] / 2 <= graph["height"], node


def test_the_failure_states_are_drawn_without_an_edge_from_every_state(graph: Graph) -> None:
    leading = [(edge["from"], edge["label"]) for edge in graph["edges"] if edge["to"] == FAILURE[0]]
    assert leading == [("Prepared?", None)]  # a choice of its own, no catch
    assert {(edge["from"], edge["to"]) for edge in graph["edges"]} >= set(pairwise(FAILURE))


def test_the_branches_of_a_parallel_state_lie_in_it() -> None:
    nodes = {node["name"]: node for node in layout_of(SMALL)["nodes"]}
    assert [name for name, node in nodes.items() if node["group"]] == ["Rank"]
    assert overlap(nodes["Rank"], nodes["Books"])
    assert overlap(nodes["Rank"], nodes["Authors"])
    assert not overlap(nodes["Rank"], nodes["Load"])


def test_an_edge_says_which_way_it_leads() -> None:
    edges = {(edge["from"], edge["to"], edge["label"]) for edge in layout_of(SMALL)["edges"]}
    assert edges == {
        ("Load", "Any?", None),
        ("Any?", "Rank", None),
        ("Any?", "Done", "otherwise"),
        ("Rank", "Done", None),
        ("Rank", "Done", "error"),
    }


def test_what_a_state_does_is_nothing_to_the_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    first = layout_of(SMALL)
    monkeypatch.setenv("PATH", "")  # no node is found: it has drawn this one already
    changed = json.loads(json.dumps(SMALL))
    changed["States"]["Any?"]["Comment"] = "other words"
    assert layout_of(changed) == first


def test_without_node_the_message_says_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RuntimeError, match="node and `npm ci` are needed"):
        layout_of({"StartAt": "Other", "States": {"Other": {"Type": "Succeed"}}})
