"""A booking in one line, as the desk would say it: "fri 10 silva follow-up"."""

from core.booking_line.line import LineRead, LineWords
from core.booking_line.meaning import Meaning, Named, services_offered, understand
from core.booking_line.proposing import Proposed, propose
from core.booking_line.reading import read_line

__all__ = [
    "LineRead",
    "LineWords",
    "Meaning",
    "Named",
    "Proposed",
    "propose",
    "read_line",
    "services_offered",
    "understand",
]
