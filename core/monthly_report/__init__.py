"""The month on one page, to print: what the numbers say, and what can be done about it."""

from core.monthly_report.counting import (
    MonthFigures,
    MonthlyReport,
    check_may_report,
    load_monthly_report,
    month_of_word,
    months_to_report,
)
from core.monthly_report.page import as_pdf

__all__ = [
    "MonthFigures",
    "MonthlyReport",
    "as_pdf",
    "check_may_report",
    "load_monthly_report",
    "month_of_word",
    "months_to_report",
]
