"""The CloudFormation stacks, a file or a folder each; `app.py` puts them together."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The checkout. What is deployed, and what starts here as a child process, comes from this folder."""
