"""`python -m capture`: from Goodreads, a simulated Goodreads or dumps to the landing zone."""

from command_line.answers import answers
from command_line.on_demand import group_of

# each command loads only its own module: a collector that runs for weeks need not hold the others' imports in memory
app = group_of(
    {
        "collect": "capture.collector.command",
        "follow": "capture.follower.command",
        "upload": "capture.uploader.command",
        "simulate": "capture.simulated.command",
        "import-library": "capture.library.command",
        "import-goodbooks": "capture.goodbooks.command",
        "import-ucsd": "capture.ucsd.command",
    },
    "Capture reviews and bring them to the landing zone.",
    answers,
)

if __name__ == "__main__":
    app(prog_name="python -m capture")
