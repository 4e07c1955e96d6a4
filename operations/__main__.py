"""`pipeline`: the pipeline on this machine, and a look at it here or on AWS. `python -m operations` is the same."""

from command_line.on_demand import group_of
from operations.terminal import console

# what runs the pipeline here takes seconds to import: the emulator, the engines, the load generator
app = group_of(
    {
        "run": "operations.run",
        "up": "operations.up",
        "status": "operations.status",
        "history": "operations.status",
        "checks": "operations.checks",
        "contract": "operations.contract",
        "report": "operations.run_report",
        "permissions": "operations.permissions.command",
        "query": "operations.query",
        "readers": "operations.readers",
        "mail": "operations.mail",
        "replay": "operations.replay.command",
        "rebuild": "operations.rebuild.command",
        "forget": "operations.forget.command",
        "explain": "operations.explain.command",
        "smoke": "operations.smoke.command",
        "teardown": "operations.teardown",
    },
    "The pipeline on this machine, and a look at it here or on AWS.",
    console,
)

if __name__ == "__main__":
    app(prog_name="pipeline")
