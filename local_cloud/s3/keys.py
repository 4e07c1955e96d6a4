"""Which keys can be the path of a file; S3 itself takes any text of up to 1,024 bytes."""

from localbucket import TEMP_PREFIX

KEY_BYTES = 1024
"""S3's own limit: "Naming Amazon S3 objects" in its User Guide."""

_NAME_BYTES = 255  # of a file or folder, on every common file system


def key_problem(key: str) -> str | None:
    """Why the object of a key cannot be a file in its bucket's folder; None if it can."""
    return _path_problem(key) or next(filter(None, map(_name_problem, key.split("/"))), None)


def _path_problem(key: str) -> str | None:
    if key.startswith("/"):
        return f"{key!r} begins with a slash and would be the same file as {key.lstrip('/')!r}"
    if (size := len(key.encode())) > KEY_BYTES:
        return f"the key {key[:60]!r}... has {size} bytes, expected at most {KEY_BYTES}"
    if "\x00" in key:
        return f"{key!r} holds a NUL, which no file name may"
    return None


def _name_problem(name: str) -> str | None:
    if not name:
        return "a slash at the end of the key or next to another slash leaves a file or folder without a name"
    if name in {".", ".."}:
        return f"{name!r} between slashes leads to another folder"
    if (size := len(name.encode())) > _NAME_BYTES:
        return f"{name[:60]!r}... has {size} bytes, expected at most {_NAME_BYTES} between two slashes"
    if name.startswith(TEMP_PREFIX):
        return f"listings leave out names that begin with {TEMP_PREFIX!r}, such as {name!r}"
    return None
