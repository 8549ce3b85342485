"""The people of a provider, as their file says now: who is disabled there has left within a second, for good.

Read at start only, the file would let in who has left until somebody thinks of a restart. And it is not enough to look
who is there when somebody asks: a session of before would be good again as soon as its person is enabled.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gurum.identity.provider.config import Person, load_people
from gurum.ops.clock import Clock

LOOK = 1.0  # seconds between two looks at the file


class People:
    """The file, read again when it is another. `left` has, by subject, when somebody was last seen to have gone."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path, self._clock = path, clock
        self._seen: tuple[int, int, int] | None = None
        self._people: dict[str, Person] = {}
        self.left: dict[str, float] = {}
        self.look()

    def look(self) -> None:
        """Read the file if it is another than before. Raises ProviderError, SecretError, OSError."""
        found = self._path.stat()
        seen = (found.st_ino, found.st_size, found.st_mtime_ns)
        if seen == self._seen:
            return
        people = {person.username: person for person in load_people(self._path)}
        now = {person.subject for person in people.values() if person.enabled}
        for person in self._people.values():
            if person.enabled and person.subject not in now:
                self.left[person.subject] = self._clock.time()
        self._people, self._seen = people, seen

    def by_name(self) -> Mapping[str, Person]:
        """Return the people by username, disabled ones too. Raises as `look`."""
        self.look()
        return self._people

    def by_subject(self, subject: str) -> Person | None:
        """Return an enabled person. Raises as `look`."""
        return next((one for one in self.by_name().values() if one.subject == subject and one.enabled), None)

    def since(self, subject: str, moment: float) -> bool:
        """Tell whether somebody is there and was so ever since a moment (seconds since the epoch). Raises as `look`."""
        return self.by_subject(subject) is not None and self.left.get(subject, 0.0) < moment
