"""A folder for the PYTHONPATH of processes that run deployed code; see sitecustomize.py."""

from pathlib import Path

DEPLOYED_ONLY = Path(__file__).parent
