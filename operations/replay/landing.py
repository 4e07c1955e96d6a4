"""Files of a folder on their way into the landing zone, under keys that belong to a run's replay."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from contract.header import HEADER_BYTES, Header, read_header
from lambdas.shared.recognise import dataset_of, unknown_name_problem
from landing.bucket import BucketStore
from landing.folder import files_of
from operations.errors import OperationError
from operations.replay.export import FILES, OVERVIEW, export
from operations.zones import Zones

_SHOWN_PROBLEMS = 10


@dataclass(frozen=True)
class Landed:
    """A file that was landed."""

    key: str
    bytes: int


def replay(zones: Zones, run: str) -> list[Landed]:
    """Land everything that the run has rejected as it is.

    OperationError as from `export` and `land`, and if quotes are out of place in some records: a person has to see such records.
    """
    with tempfile.TemporaryDirectory() as folder:
        everything = Path(folder) / "everything"
        if guessed := export(zones, run, everything).guessed:
            raise OperationError(
                "nothing was landed: there are records with quotes out of place, which the job could split into fields "
                f"by a guess only, or not at all. Look at {', '.join(sorted(guessed))} after --export, then land them with --from"
            )
        return land(zones, run, everything)


def land(zones: Zones, run: str, folder: Path) -> list[Landed]:
    """Land the files of a folder that `export` has made, or of one like it.

    The same file of the same run gets the same key, so that landing it again replaces it. OperationError, before
    anything is landed, if there is no file, or one that a run would refuse for its name or its header.
    """
    paths = [path.relative_to(folder) for path in files_of(folder)]
    wanted = [path for path in paths if path != Path(OVERVIEW)]
    if not wanted:
        raise OperationError(f"the folder {folder} holds nothing to land, only {OVERVIEW}")
    problems = [f"{path}: {problem}" for path in wanted if (problem := _problem(folder, path))]
    if problems:
        more = len(problems) - _SHOWN_PROBLEMS
        shown = problems[:_SHOWN_PROBLEMS] + ([f"and {more} more files"] if more > 0 else [])
        raise OperationError(
            "\n  ".join(["nothing was landed, these files would be rejected again:", *shown])
        )
    return [_put(zones, folder, path, landing_key(run, path)) for path in wanted]


def landing_key(run: str, path: Path) -> str:
    """The key of a file at that path of the folder, below its dataset's name; ValueError if it has none.

    The whole path is in the key, so that no two files share one.
    """
    dataset = dataset_of(_name(path))
    if dataset is None:
        raise ValueError(f"{path} names no dataset")
    return f"{dataset.name}/replay-{run}/{path.as_posix()}"


def _problem(folder: Path, path: Path) -> str | None:
    """Why a run would reject the file at once."""
    name = _name(path)
    dataset = dataset_of(name)
    if dataset is None:
        return (
            f"{unknown_name_problem(name)}. Move it into the folder of its dataset, {folder}/<dataset>/, "
            "under a name that ends with .csv or .csv.gz"
        )
    with (folder / path).open("rb") as file:
        header = read_header(name, file.read(HEADER_BYTES))
    if header == Header():
        return "the file holds nothing, expected a header and records"
    return header.problem_for(dataset)


def _name(path: Path) -> str:
    """The path as a landing key; a leading files/ is ignored."""
    return path.as_posix().removeprefix(f"{FILES}/")


def _put(zones: Zones, folder: Path, path: Path, key: str) -> Landed:
    BucketStore(zones.landing, s3=zones.s3).upload(folder / path, key)
    return Landed(key, (folder / path).stat().st_size)
