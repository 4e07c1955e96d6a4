"""Load generator: landing files of any size with records that look captured."""

from faker_tool.generate import Generated, Manifest, generate

__all__ = ["Generated", "Manifest", "generate"]
