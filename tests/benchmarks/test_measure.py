"""What a process is said to have used."""

import sys
from pathlib import Path

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.measure import Sample, Usage, during, measure


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


@pytest.mark.parametrize("command", [python(BUSY), started_by_python(BUSY)], ids=["itself", "its child"])
def test_the_cpu_time_of_a_process_and_of_its_children_counts(command: list[str], tmp_path: Path) -> None:
    assert measure(command, log=tmp_path / "log").usage.cpu_seconds >= 0.6


def test_the_cpu_time_of_a_process_that_nobody_waits_for_counts_until_the_end(tmp_path: Path) -> None:
    seen_when_it_ends = f"{BUSY}\ntime.sleep(1)"
    unwaited = f"import os, subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {seen_when_it_ends!r}], stdout=1); time.sleep(0.1); os._exit"
    middle = f"{unwaited}(os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT).si_status)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {middle!r}], check=True)\n{BUSY}"

    # of both 0.6 seconds, but for what was used after the last look
    assert measure(python(parent), log=tmp_path / "log").usage.cpu_seconds >= 0.8


def test_the_memory_is_that_of_the_largest_process_of_the_tree(tmp_path: Path) -> None:
    used = measure(started_by_python(LARGE), log=tmp_path / "log").usage

    assert 200_000_000 <= used.peak_rss_bytes < 300_000_000


def test_the_memory_of_this_process_is_not_that_of_a_child(tmp_path: Path) -> None:
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
