"""The four datasets, each declared once. Standard library only: Lambda, Spark and CDK all import the catalog."""

from catalog.datasets import AUTHORS, BOOKS, DATASETS, REVIEWS, USERS, dataset_named
from catalog.model import PUBLISHED_BY, RECORD_HASH, TRAILING, VERSION, Column, Dataset, Severity, Type

__all__ = [
    "AUTHORS",
    "BOOKS",
    "DATASETS",
    "PUBLISHED_BY",
    "RECORD_HASH",
    "REVIEWS",
    "TRAILING",
    "USERS",
    "VERSION",
    "Column",
    "Dataset",
    "Severity",
    "Type",
    "dataset_named",
]
