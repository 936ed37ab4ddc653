"""One patient: found, read, corrected, given their data, forgotten."""
