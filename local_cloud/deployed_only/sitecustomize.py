"""Python runs this at its start wherever this folder is in PYTHONPATH: for processes that run deployed code.

Set-up installs the checkout in editable mode, for every Python of .venv. Deployed code must not find there what its zip lacks: on
AWS there is no checkout.
"""

import os
import sys

sys.meta_path[:] = [
    finder
    for finder in sys.meta_path
    if not getattr(finder, "__module__", "").startswith("__editable___goodreads_pipeline")
]

# Spark puts its own jar and zips of its Python packages on the path. The same packages are installed, and compiled: from the zips each
# process would compile them again, and each task would read the zips' lists of contents again: of all that Python ever opened
if "SPARK_HOME" in os.environ:
    _of_spark = f"{os.environ['SPARK_HOME']}{os.sep}"
    for _path in [entry for entry in sys.path if entry.startswith(_of_spark)]:
        sys.path.remove(_path)
        sys.path_importer_cache.pop(_path, None)
