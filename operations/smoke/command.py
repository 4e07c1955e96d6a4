"""`pipeline smoke --aws`: the first deployment to an account, from nothing to nothing, with a report of what was seen."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from landing.folder import files_of
from landing.sizes import size_in_bytes
from operations.account import Account, account
from operations.errors import OperationError
from operations.options import Context
from operations.smoke.account import require_free, require_ready
from operations.smoke.cost import USUAL_HOURS, Estimate, estimate
from operations.smoke.parts import PARTS, Smoke
from operations.smoke.progress import Progress
from operations.teardown import existing_stacks
from operations.terminal import complaints, console, told

_MADE_UP_BYTES = "5MB"
_DAYS = 30


def smoke(
    data: Annotated[
        Path | None, typer.Argument(help="Folder with CSV files; without it data is made up.")
    ] = None,
    aws: Annotated[
        bool, typer.Option("--aws", help="Deploy to the account of the credentials. This costs money.")
    ] = False,
    name: Annotated[
        str, typer.Option("--name", help="Name of the deployment that is made and torn down.")
    ] = "goodreads-smoke",
    size: Annotated[
        int, typer.Option(parser=size_in_bytes, metavar="SIZE", help="How much data to make up.")
    ] = _MADE_UP_BYTES,  # type: ignore[assignment] # which the parser makes a number of
    window_start: Annotated[str | None, typer.Option(help="First day of the reviews to analyse.")] = None,
    window_end: Annotated[str | None, typer.Option(help="Day after the last.")] = None,
    context: Context = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    folder: Annotated[Path, typer.Option(help="Folder for progress, logs and reports.")] = Path(".smoke"),
) -> None:
    """Deploy the smallest variant, run it, compare it with a run here, see an alarm ring, tear it down, and say what it took."""
    with told(farewell="[bold]interrupted[/]"):
        if not aws:
            raise OperationError(
                "a smoke test is made on AWS and costs money: give --aws; `make run` runs here"
            )
        found = account()
        window = _window(window_start, window_end)
        progress = _progress(folder / name, name, found, context or [], window)
        known = progress.document
        source = data or _made_up(folder / name / "data", size)
        files_of(source)
        test = Smoke(name, found, source, known["context"], known["window"], progress)
        test.checked  # noqa: B018 - settings that are not allowed are told before anything is done
        _tell(test)
        if not yes and not progress.spends:
            console.confirm("Go on?")
        with _way_out_told(test):
            for part in PARTS:
                _do(test, part, yes=yes)
        _conclude(test)


def _progress(
    folder: Path, name: str, found: Account, context: list[str], window: dict[str, str]
) -> Progress:
    """That of the call which was interrupted, or a new one. Nothing of the account has changed so far."""
    earlier = Progress.of(folder)
    if earlier and earlier.has("deploy") and not earlier.has_begun("teardown") and not existing_stacks(name):
        console.print(f"{name} was torn down since the last call: beginning anew")
        earlier = None
    if earlier and earlier.spends:
        where = Account(earlier.document["account"], earlier.document["region"])
        if where != found:
            raise OperationError(
                f"{name} was begun in account {where.number}, {where.region}, and the credentials lead to {found.number}, "
                f"{found.region}: use those of the first call, or give another --name"
            )
        if context and context != earlier.document["context"]:
            raise OperationError(
                f"{name} was begun with the settings {earlier.document['context']}: leave --context out, or give another --name"
            )
        console.print(f"going on with {name}, begun at {earlier.document['began']}")
        return earlier
    require_ready(found, context)
    require_free(name)
    facts = {
        "name": name,
        "account": found.number,
        "region": found.region,
        "context": context,
        "window": window,
    }
    return Progress.begin(folder, facts)


def _window(start: str | None, end: str | None) -> dict[str, str]:
    """Fixed days: two runs that begin minutes apart have to look at the same reviews."""
    today = datetime.now(UTC).date()
    return {
        "window_start": start or f"{today - timedelta(days=_DAYS)}",
        "window_end": end or f"{today + timedelta(days=1)}",
    }


def _made_up(folder: Path, size: int) -> Path:
    from faker_tool.generate import generate  # noqa: PLC0415 - half a second that given files need not spend

    if not folder.exists():
        try:
            generate(folder, size=size)
        except ValueError as error:
            raise OperationError(f"--size: {error}") from None
    return folder


def _tell(test: Smoke) -> None:
    settings, costs = test.checked, _costs(test)
    console.print(
        f"account {test.account.number}, {test.account.region}: deploys {test.name} with {settings.emr_core_count + 1} x "
        f"{settings.emr_instance_type} (EMR) and {settings.nodes} (Redshift), lands {test.data}, runs, compares, tears down.\n"
        f"An hour of it costs {costs.after(1)}, and a smoke test takes about {USUAL_HOURS:g} hours: {costs.after(USUAL_HOURS)}.\n"
        "It may be interrupted: the same command goes on. To end it by hand: "
        f"{_by_hand(test.name)}",
        highlight=False,
        soft_wrap=True,
    )


def _do(test: Smoke, part: str, *, yes: bool) -> None:
    progress = test.progress
    if progress.has(part):
        console.print(f"{part}: done before")
        return
    if part == "teardown" and progress.faults and not yes:
        console.print(f"[yellow]{escape(_said(progress.faults))}[/]", highlight=False, soft_wrap=True)
        console.confirm("Tear the deployment down all the same?")
    progress.enter(part, spends=part == "deploy")
    begun = time.monotonic()
    with console.doing(f"{part} (logs are in {progress.folder})"):
        found = PARTS[part](test)
    progress.leave(part, found, time.monotonic() - begun)
    mark = "[red]wrong[/]" if found.fault else "[green]done[/]"
    console.print(f"{part}: {mark} after {time.monotonic() - begun:.0f} s", highlight=False)


@contextmanager
def _way_out_told(test: Smoke) -> Iterator[None]:
    try:
        yield
    except BaseException:
        if test.progress.spends:
            complaints.print(
                f"[bold]{test.name} is still deployed; an hour costs {_costs(test).after(1)}.[/] The same command goes on "
                f"where it was; {_by_hand(test.name)} ends it. What CloudFormation has begun goes on by itself.",
                highlight=False,
                soft_wrap=True,
            )
        raise


def _costs(test: Smoke) -> Estimate:
    return estimate(test.checked, test.account.region)


def _by_hand(name: str) -> str:
    return f"`pipeline teardown --aws --with-data --name {name}`"


def _said(faults: dict[str, str]) -> str:
    return "\n".join(f"{part}: {fault}" for part, fault in faults.items())


def _conclude(test: Smoke) -> None:
    """What it took and cost, and where the report is; OperationError if a part was wrong."""
    progress, costs, hours = test.progress, _costs(test), test.progress.hours
    progress.add(
        ended=datetime.now(UTC).isoformat(timespec="milliseconds"),
        cost={"usd_an_hour": costs.an_hour, "hours": round(hours, 2), "prices_of": costs.region},
    )
    faults, report = progress.faults, progress.close()

    def show() -> None:
        table = Table("part", "outcome", "seconds")
        for part, each in progress.document["parts"].items():
            table.add_row(part, each["outcome"], f"{each['seconds']:.0f}")
        console.print(table)
        console.print(
            f"{hours * 60:.0f} minutes cost {costs.after(hours)}; the account's bill has the truth. The report: {report}",
            highlight=False,
            soft_wrap=True,
        )

    console.answer({**progress.document, "report": str(report)}, show)
    if faults:
        raise OperationError(_said(faults))
