"""What every resource has, whatever it is."""

import msgspec


class Resource(msgspec.Struct, kw_only=True, gc=False):
    """A row of a table.

    `tags` is the truth and `shown_tags` what reads see until the lag has passed; `visible_at` is
    when reads see the resource at all. `timers` maps what will happen to when (absolute seconds):
    it is kept with the row so that a restart forgets nothing. Rows never refer to each other but by
    id, so they form no cycles and the collector need not look at them (`gc=False`).
    """

    id: str
    seq: int = 0
    created_at: float = 0.0
    visible_at: float = 0.0
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    shown_tags: dict[str, str] = msgspec.field(default_factory=dict)
    timers: dict[str, float] = msgspec.field(default_factory=dict)
