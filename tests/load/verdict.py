"""What the figures must be. Times are stated, not judged: they are the machine's."""

from __future__ import annotations

from tests.faults.verdict import Limits

LIMITS: Limits = {
    "creates_errors": ("==", 0),
    "creates_in_error": ("==", 0),
    "load_errors": ("==", 0),
    "load_rate_share": (">=", 0.99),  # of the rate asked for: else it was not that load
    "restarts": ("==", 0),
    "end_duplicates": ("==", 0),
    "end_instances_without_server": ("==", 0),
    "end_servers_without_instance": ("==", 0),
    "end_quota_off_by": ("==", 0),
    # MiB an hour, of the process that grows most, the emulator aside, which keeps a ledger of every call. Python's
    # arenas wander by some MiB in half an hour; what is kept of each of 360,000 requests would be 3 MiB at ten bytes.
    "memory_worst_mib_per_h": ("<=", 16),
}
