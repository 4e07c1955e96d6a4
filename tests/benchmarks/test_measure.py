"""What a process is said to have used, and how contestants that take turns compare."""

import sys
from pathlib import Path

import pytest

from benchmarks import BenchmarkError
from benchmarks.measure import Ratio, Sample, Usage, during, in_turns, measure, median_usage, time_ratio


@pytest.fixture(autouse=True)
def _many_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "benchmarks.measure._SAMPLE_SECONDS", 0.01
    )  # none of them comes late, even on a busy machine


BUSY = "import time\nwhile time.process_time() < 0.6: pass"
LARGE = f"held = bytearray(200_000_000)\n{BUSY}"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def started_by_python(code: str) -> list[str]:
    return python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}], check=True)")


@pytest.mark.slow
@pytest.mark.parametrize("command", [python(BUSY), started_by_python(BUSY)], ids=["itself", "its child"])
def test_the_cpu_time_of_a_process_and_of_its_children_counts(command: list[str], tmp_path: Path) -> None:
    assert measure(command, log=tmp_path / "log").usage.cpu_seconds >= 0.6


@pytest.mark.slow
def test_the_cpu_time_of_a_process_that_nobody_waits_for_counts_until_the_end(tmp_path: Path) -> None:
    seen_when_it_ends = f"{BUSY}\ntime.sleep(1)"
    unwaited = f"import os, subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {seen_when_it_ends!r}], stdout=1); time.sleep(0.1); os._exit"
    middle = f"{unwaited}(os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT).si_status)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {middle!r}], check=True)\n{BUSY}"

    # of both 0.6 seconds, but for what was used after the last look
    assert measure(python(parent), log=tmp_path / "log").usage.cpu_seconds >= 0.8


@pytest.mark.slow
def test_the_memory_is_that_of_the_largest_process_of_the_tree(tmp_path: Path) -> None:
    used = measure(started_by_python(LARGE), log=tmp_path / "log").usage

    assert 200_000_000 <= used.peak_rss_bytes < 300_000_000


@pytest.mark.slow
def test_the_memory_of_this_process_does_not_count_for_a_child(tmp_path: Path) -> None:
    held = bytearray(200_000_000)

    used = measure(python(BUSY), log=tmp_path / "log").usage

    assert len(held) == 200_000_000
    assert 0 < used.peak_rss_bytes < 100_000_000


def test_a_command_that_fails_says_how_it_ended_and_what_it_wrote_last(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"(?s)ended with 3; the end of .*log is.*no such load"):
        measure(python("print('no such load', flush=True); raise SystemExit(3)"), log=tmp_path / "log")


def test_what_happened_between_two_times_is_read_off_the_samples_around_them() -> None:
    samples = [Sample(10.0, 1.0, 50), Sample(12.0, 3.0, 80), Sample(14.0, 3.0, 70), Sample(16.0, 9.0, 60)]

    assert during(samples, 11.0, 15.0) == Usage(4.0, 4.0, 80)


def test_a_span_without_a_sample_has_the_memory_of_the_nearest_one() -> None:
    samples = [Sample(10.0, 1.0, 50), Sample(12.0, 3.0, 80)]

    assert during(samples, 11.5, 11.75) == Usage(0.25, 0.25, 80)


def seconds(*each: float) -> list[Usage]:
    return [Usage(one, 0.0, 0) for one in each]


def test_every_contestant_has_its_turn_in_each_round() -> None:
    turns: list[str] = []

    def contestant(name: str) -> Usage:
        turns.append(name)
        return Usage(len(turns), 0.0, 0)

    used = in_turns({"a": lambda: contestant("a"), "b": lambda: contestant("b")}, runs=2)

    assert turns == ["a", "b", "a", "b"]
    assert used == {"a": seconds(1, 3), "b": seconds(2, 4)}


def test_a_ratio_is_formed_within_each_round() -> None:
    assert time_ratio(seconds(20, 30, 80), seconds(10, 10, 20)) == Ratio(3.0, 2.0, 4.0)


def test_rounds_that_do_not_pair_up_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        time_ratio(seconds(1, 2), seconds(1))


def test_the_median_of_each_figure_is_taken_separately() -> None:
    used = [Usage(1.0, 30.0, 200), Usage(2.0, 10.0, 300), Usage(3.0, 20.0, 100)]

    assert median_usage(used) == Usage(2.0, 20.0, 200)
