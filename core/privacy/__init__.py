"""What is kept about people, given to them, and forgotten: on request, for good, and again."""

from core.privacy.erasing import (
    ErasurePreview,
    ErasureRequest,
    ask_for_erasure,
    erase,
    preview_erasure,
    withdraw_request,
)
from core.privacy.erasures import (
    Listed,
    check_list_is_there,
    list_file,
    read_list,
    replay,
    settle,
    sweep,
)
from core.privacy.exporting import check_may_export, export_patient
from core.privacy.keeping import (
    LONGEST_MONTHS,
    SHORTEST_MONTHS,
    Due,
    KeepRequest,
    keep_for,
    load_due,
    load_requests,
)

__all__ = [
    "LONGEST_MONTHS",
    "SHORTEST_MONTHS",
    "Due",
    "ErasurePreview",
    "ErasureRequest",
    "KeepRequest",
    "Listed",
    "ask_for_erasure",
    "check_list_is_there",
    "check_may_export",
    "erase",
    "export_patient",
    "keep_for",
    "list_file",
    "load_due",
    "load_requests",
    "preview_erasure",
    "read_list",
    "replay",
    "settle",
    "sweep",
    "withdraw_request",
]
