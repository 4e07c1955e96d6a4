"""Requests come in threads: what one of them changes is seen by the next decision, and a call is kept once."""

import threading
import time
from pathlib import Path

import pytest

from local_cloud.iam import Call, Caller, Judge, Record
from local_cloud.iam.calls import UnknownCallError, calls_of, table
from local_cloud.iam.deployed import Deployed

_GET = Call("s3:GetObject", "arn:aws:s3:::b/k")
_NOBODY = Caller("arn:aws:sts::123456789012:assumed-role/r/s", "123456789012", role="r")


@pytest.mark.slow
def test_policies_that_change_while_they_are_read_are_read_again(tmp_path: Path) -> None:
    changes: list[threading.Thread] = []

    def look() -> Deployed:
        changes.append(threading.Thread(target=judge.changed))
        changes[-1].start()
        changes[-1].join(0.2)  # it may have to wait until the policies are read
        return Deployed()

    judge = Judge(Record(tmp_path), look)
    judge.decide(_NOBODY, _GET)
    changes[0].join()
    judge.decide(_NOBODY, _GET)
    assert len(changes) == 2
    changes[1].join()


class _Slow(set[object]):
    def __contains__(self, item: object) -> bool:
        found = super().__contains__(item)
        time.sleep(0.05)  # every other thread asks meanwhile
        return found


def test_a_call_that_several_threads_make_at_once_is_kept_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = Record(tmp_path)
    monkeypatch.setattr(record, "_known", _Slow())
    threads = [threading.Thread(target=record.note_administrator, args=["s3:ListBuckets"]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len((tmp_path / "calls.jsonl").read_text().splitlines()) == 1


def test_a_request_of_which_the_table_says_nothing_is_no_silent_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    needs = [{"action": "s3:GetObject", "resource": "*", "when": "IfMatch"}]
    monkeypatch.setitem(table()["s3"], "HeadObject", {"needs": needs})
    assert len(calls_of("s3", "HeadObject", {"IfMatch": "etag"})) == 1
    with pytest.raises(UnknownCallError):
        calls_of("s3", "HeadObject", {})
