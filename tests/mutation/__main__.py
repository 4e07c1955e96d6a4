"""`python -m tests.mutation [FILE or FOLDER]`: do the tests notice what is changed?

First the careless changes of the list are made, then mutmut's. Exits with 1 if no test notices a change of the list, with 2 if the
tests fail without any change. The mutants that mutmut reports need a reader: some change nothing that matters.
"""

import sys

from tests.mutation.careless import careless_changes, unnoticed
from tests.mutation.mutants import mutants_of, run_mutmut


def main(selection: str) -> int:
    """Try the changes to the file or folder `selection`, or all of them; the exit code."""
    changes = careless_changes(selection)
    try:
        missed = list(unnoticed(changes)) if changes else []
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{len(changes) - len(missed)} of {len(changes)} careless changes were noticed\n")
    if mutants_of(selection):
        sys.stdout.write(f"{run_mutmut(selection)}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
