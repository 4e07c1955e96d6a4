"""The contestants: small programs that read a folder of landing files and write the newest version of each record."""

from pathlib import Path

from catalog import Dataset


def files_of(data: Path, dataset: Dataset) -> list[Path]:
    """The dataset's CSV files: the file of its name, or all files in the folder of its name."""
    stem = dataset.landing_name
    files = sorted([*data.glob(f"{stem}.csv"), *data.glob(f"{stem}/*.csv")])
    if not files:
        raise FileNotFoundError(f"{data} holds neither {stem}.csv nor {stem}/*.csv; make the load anew")
    return files
