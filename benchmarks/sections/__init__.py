"""The sections of `make bench`, in their order: the longest comes last. Each has a TITLE and run(session), which yields its tables."""

from sections import batch, cold, memory, precision, small, together, warm

SECTIONS = {
    "warm": warm,
    "batch": batch,
    "cold": cold,
    "small": small,
    "memory": memory,
    "precision": precision,
    "together": together,
}
