"""`python -m demo`: the whole pipeline in a few minutes, from a simulated Goodreads to the analytics."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from command_line.answers import AnsweringCommand, Json, answers, crashes_told
from command_line.telling import interruptible, told
from demo.display import scene, show_analytics, summed_up
from demo.play import Play
from demo.stage import MACHINE, DemoError, Stage, stage
from local_cloud.errors import LocalCloudError
from operations import display
from operations.errors import OperationError
from operations.run import run_once

_STATE = Path(".state") / "demo"
_MENDABLE = (DemoError, LocalCloudError, OperationError)
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(cls=AnsweringCommand)
def main(
    *,
    minutes: Annotated[float, typer.Option(help="Minutes in which new reviews appear.", min=0.1)] = 4,
    api: Annotated[
        bool, typer.Option("--api", help="Collect from the API, which needs a key, in place of the feeds.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Follow made-up reviews from their publication to the analytics, with faults and crashes on the way.

    The exit code is 0 if each published review is in the warehouse exactly once, else 1.
    """
    answers.choose(as_json=as_json)
    console = Console(stderr=as_json)
    with (
        interruptible(console, "interrupted"),
        crashes_told(answers.failed),
        told(console, *_MENDABLE, also=answers.failed),
    ):
        worker = "collector" if api else "follower of readers"
        console.print(f"starting a simulated Goodreads, a {worker}, an uploader and the pipeline")
        with stage(_STATE.resolve(), api=api) as on_stage:
            _play(console, on_stage, minutes * 60)
            total = summed_up((review.id for review in on_stage.goodreads.published), on_stage.folder)
            show_analytics(console, on_stage.folder)
        style = "bold green" if total.holds else "bold red"
        answers.give(total, lambda: console.print(str(total), style=style, highlight=False))
        console.print(
            f'query the warehouse yourself: .venv/bin/pipeline query --state {_STATE} "select ..."',
            highlight=False,
        )
    sys.exit(0 if total.holds else 1)


def _play(console: Console, on_stage: Stage, seconds: float) -> None:
    """Publish reviews, let them come through, and run once more for files that the scheduled runs left in landing."""
    with Live(console=console, auto_refresh=False) as live:
        play = Play(
            on_stage, lambda figures: live.update(scene(figures), refresh=True), tell=live.console.print
        )
        play.publish(seconds)
        play.drain()
    if not console.is_terminal:
        console.line()  # a live display ends its last line only on a terminal
    if on_stage.observer.look().landed_files:
        console.print("one more run takes the files that the scheduled runs left in landing")
        display.report(console, run_once(console, MACHINE, {}))


if __name__ == "__main__":
    app(prog_name="python -m demo")
