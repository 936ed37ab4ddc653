"""Patients on file twice: found, made one, parted again, or told apart for good."""

from core.merging.duplicates import Pair, TellApartRequest, find_same, load_pairs, tell_apart
from core.merging.joining import FIELDS, MergeRequest, merge, undo_merge

__all__ = [
    "FIELDS",
    "MergeRequest",
    "Pair",
    "TellApartRequest",
    "find_same",
    "load_pairs",
    "merge",
    "tell_apart",
    "undo_merge",
]
