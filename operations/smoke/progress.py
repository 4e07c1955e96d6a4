"""What a smoke test has done so far, in a file: a call that was interrupted is given again and goes on."""

import json
import shutil
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from local_cloud.documents import write_document

_HOUR = 3600


@dataclass(frozen=True)
class Found:
    """What a part saw; `fault` says what is wrong with it, in words."""

    facts: dict[str, Any] = field(default_factory=dict)
    fault: str = ""


@dataclass
class Progress:
    """The smoke test of one name. Its document becomes the report: who reads it needs nothing else.

    `folder` holds the document, the data, the logs, and the state folder of the run on this machine.
    """

    folder: Path
    document: dict[str, Any]

    @classmethod
    def of(cls, folder: Path) -> Self | None:
        """That of an earlier call which did not come to the end; None if there is none."""
        try:
            return cls(folder, json.loads((folder / _DOCUMENT).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    @classmethod
    def begin(cls, folder: Path, facts: dict[str, Any]) -> Self:
        """A new one. What an earlier one of this folder has left is deleted, but not its reports and the made-up data."""
        shutil.rmtree(folder / "here", ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        begun = cls(folder, {"version": 1, **facts, "began": _now(), "spends_since": None, "parts": {}})
        begun._write()
        return begun

    @property
    def spends(self) -> bool:
        """Whether the deployment has begun, which costs money until it is torn down."""
        return self.document["spends_since"] is not None and not self.has("teardown")

    @property
    def hours(self) -> float:
        """Since the deployment began."""
        if self.document["spends_since"] is None:
            return 0.0
        return (datetime.now(UTC) - self.spends_since).total_seconds() / _HOUR

    @property
    def spends_since(self) -> datetime:
        """When the deployment began; KeyError before."""
        since = self.document["spends_since"]
        if since is None:
            raise KeyError("spends_since")
        return datetime.fromisoformat(since)

    @property
    def faults(self) -> dict[str, str]:
        """What the parts found wrong, by part."""
        return {part: each["fault"] for part, each in self.document["parts"].items() if each.get("fault")}

    def has_begun(self, part: str) -> bool:
        """Whether a part has begun, whatever became of it."""
        return part in self.document["parts"]

    def has(self, part: str) -> bool:
        """Whether a part has come to its end without a fault."""
        return part in self.document["parts"] and self.document["parts"][part]["outcome"] == "done"

    def enter(self, part: str, *, spends: bool) -> None:
        """A part begins, or begins again: then its first beginning stays."""
        self.document["parts"].setdefault(part, {"began": _now(), "notes": {}})["outcome"] = "interrupted"
        if spends and self.document["spends_since"] is None:
            self.document["spends_since"] = _now()
        self._write()

    def note(self, part: str, **notes: Any) -> None:
        """What a part has to know if it begins again."""
        self.document["parts"][part]["notes"].update(notes)
        self._write()

    def noted(self, part: str, name: str) -> Any:
        """What a part noted in an earlier call; None if nothing."""
        return self.document["parts"][part]["notes"].get(name)

    def leave(self, part: str, found: Found, seconds: float) -> None:
        """A part has come to its end."""
        self.document["parts"][part].update(
            outcome="fault" if found.fault else "done",
            seconds=round(seconds, 1),
            fault=found.fault,
            found=found.facts,
        )
        self._write()

    def add(self, **facts: Any) -> None:
        """Facts about the whole."""
        self.document.update(facts)
        self._write()

    def close(self) -> Path:
        """Nothing is left to do: the document becomes a report, and the next call begins anew."""
        report = self.folder / f"report-{time.strftime('%Y-%m-%dT%H-%M-%S', time.gmtime())}.json"
        text = json.dumps(self.document, indent=2)
        report.write_text(f"{text}\n", encoding="utf-8")
        (self.folder / _DOCUMENT).unlink()
        return report

    def _write(self) -> None:
        write_document(self.folder / _DOCUMENT, self.document)


_DOCUMENT = "progress.json"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
