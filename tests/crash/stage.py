"""Plays scenarios, and remembers the result of each without a fault."""

from dataclasses import dataclass
from functools import cached_property

from tests.crash.deliveries import FIRST
from tests.crash.faults import Fault
from tests.crash.lab import Lab, Snapshot
from tests.crash.outcome import Outcome, outcome_of
from tests.crash.scenarios import BASIC, Scenario, failing_statement
from tests.crash.states import statements_of
from tests.e2e.pipeline import Run


@dataclass(frozen=True)
class Undisturbed:
    """The states that a scenario's run visits, and what it and the next ones leave behind."""

    visited: frozenset[str]
    outcome: Outcome


class Stage:
    """Scenarios on one pipeline, each from the same beginning."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self._undisturbed: dict[str, Undisturbed] = {}

    @cached_property
    def beginning(self) -> Snapshot:
        """The first delivery is published."""
        self.lab.land(FIRST)
        self.lab.run_until_nothing_is_left()
        return self.lab.snapshot()

    def play(self, scenario: Scenario, fault: Fault | None = None) -> Run:
        """The scenario's run, from the beginning."""
        self.lab.restore(self.beginning)
        scenario.prepare(self.lab)
        with scenario.around(self.lab), self.lab.faults.armed(fault):
            return self.lab.run(scenario.given)

    def undisturbed(self, scenario: Scenario) -> Undisturbed:
        """The result of the scenario without a fault; the scenario is played once."""
        if scenario.name not in self._undisturbed:
            run = self.play(scenario)
            assert run.final_state == scenario.ends, (scenario.name, run.final_state, run.execution.reason)
            self.settle(scenario)
            self._undisturbed[scenario.name] = Undisturbed(frozenset(run.states), outcome_of(self.lab))
        return self._undisturbed[scenario.name]

    def settle(self, scenario: Scenario) -> None:
        """Run until nothing is left.

        The run of a past window has left the current analytics with the days before now; every other run of these tests covers
        February 2020. One more run brings the analytics back there. What it asked of the past is asked again by whoever wants it.
        """
        self.lab.run_until_nothing_is_left()
        if scenario.given.get("replace_current") is False:
            self.lab.land(FIRST)
            self.lab.run()

    def scenario_with(self, state: str) -> Scenario:
        """The first scenario that visits a state."""
        for scenario in BASIC:
            if state in self.undisturbed(scenario).visited:
                return scenario
        statement = state.partition(":")[0]
        if statement in statements_of(self.lab.definition()):
            for scenario in failing_statement(self.scenario_with(statement), statement):
                if state in self.undisturbed(scenario).visited:
                    return scenario
        raise AssertionError(f"no scenario visits {state}: write one, or give a reason in NEVER_VISITED")
