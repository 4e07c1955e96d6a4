"""Faults in an execution: a patch of moto's Step Functions interpreter that strikes at a chosen state.

A fault strikes once, at the first visit of its state. Map iterations and the branches of a Parallel state run in
threads and frames of their own; `abort` goes through StopExecution, which ends all of them.
"""
# ruff: noqa: SLF001 - what it patches has no other way in

import copy
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import boto3
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField

Action = Callable[[str], None]
"""What happens at the state; receives the ARN of the execution."""

Evaluate = Callable[[Any, Any], None]
Mode = Callable[["Fault", Any, Any, Evaluate], None]
"""Plays a fault out: (fault, state, environment, the state's own evaluation)."""


def abort(execution: str) -> None:
    """End the execution as StopExecution does: no Catch runs and no later state."""
    boto3.client("stepfunctions").stop_execution(executionArn=execution, cause="a fault of the test")


@dataclass
class Fault:
    """What happens at the state of that name; without a name, at each Task state as long as it is armed."""

    mode: Mode
    state: str | None
    action: Action = abort
    struck: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def claims(self, state: Any) -> bool:
        """Whether it strikes at this visit."""
        with self._lock:
            if self.state is None:
                strikes = hasattr(state, "resource")
            else:
                strikes = state.name == self.state and not self.struck
            self.struck += strikes
        return strikes


def before(fault: Fault, state: Any, env: Any, evaluate: Evaluate) -> None:
    """The action, then the state, unless the action has ended the execution."""
    fault.action(_execution(env))
    if env.is_running():
        evaluate(state, env)


def after(fault: Fault, state: Any, env: Any, evaluate: Evaluate) -> None:
    """The state takes effect, then comes the action, before the result is recorded or the next state entered."""
    visit = copy.copy(state)  # other iterations of a Map visit the same object

    def then_act(inner: Any) -> None:
        state._eval_state(inner)
        fault.action(_execution(env))

    visit._eval_state = then_act
    evaluate(visit, env)


def once_entered(fault: Fault, state: Any, env: Any, evaluate: Evaluate) -> None:
    """The action when the history says that the state is entered; then the state, unless the action has ended the execution."""
    visit = copy.copy(state)

    def act_first(inner: Any) -> None:
        fault.action(_execution(env))
        if inner.is_running():
            state._eval_state(inner)

    visit._eval_state = act_first
    evaluate(visit, env)


def twice(_: Fault, state: Any, env: Any, evaluate: Evaluate) -> None:
    """The state takes effect twice on the same input, as after a lost answer."""
    visit = copy.copy(state)

    def once_more(inner: Any) -> None:
        stack, given = copy.deepcopy(inner.stack), copy.deepcopy(inner.states.get_input())
        state._evaluate_with_timeout(inner)
        inner.stack = stack
        inner.states.reset(input_value=given)
        state._evaluate_with_timeout(inner)

    visit._evaluate_with_timeout = once_more
    evaluate(visit, env)


class Faults:
    """The fault that is armed, if one is."""

    def __init__(self) -> None:
        self._armed: Fault | None = None

    @contextmanager
    def armed(self, fault: Fault | None) -> Iterator[None]:
        """The fault strikes in executions that reach its state while the block runs."""
        self._armed = fault
        try:
            yield
        finally:
            self._armed = None

    def struck_by(self, state: Any) -> Fault | None:
        """The fault that strikes at this visit of a state."""
        fault = self._armed
        return fault if fault and fault.claims(state) else None


@contextmanager
def interpreter_with(faults: Faults) -> Iterator[None]:
    """The interpreter of this process asks `faults` at each state, and repeats failed tasks without a wait."""
    evaluate, clock = CommonStateField._eval_body, retrier_decl.time

    def evaluate_with_faults(state: Any, env: Any) -> None:
        fault = faults.struck_by(state)
        if fault:
            fault.mode(fault, state, env, evaluate)
        else:
            evaluate(state, env)

    CommonStateField._eval_body = evaluate_with_faults
    retrier_decl.time = SimpleNamespace(sleep=lambda _seconds: None)
    try:
        yield
    finally:
        CommonStateField._eval_body, retrier_decl.time = evaluate, clock


def _execution(env: Any) -> str:
    return str(env.states.context_object.context_object_data["Execution"]["Id"])
