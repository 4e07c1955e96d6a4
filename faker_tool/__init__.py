"""Load generator: landing files of any size with records that look captured, or that have the faults asked for."""

from faker_tool.faults import Faults
from faker_tool.generate import Manifest, generate
from faker_tool.manifest import manifest_document
from faker_tool.written import Generated

__all__ = ["Faults", "Generated", "Manifest", "generate", "manifest_document"]
