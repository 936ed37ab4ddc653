"""The sections of the audit."""
