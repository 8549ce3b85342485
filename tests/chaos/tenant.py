"""A tenant of the region: what the client believes to have, and how it asks.

What the answer was is not taken for granted: after a kill the client may know nothing, and looks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.chaos.client import LostAnswerError, RefusedError
from tests.chaos.run import Run

COMPUTE, NETWORK = "/compute/v2.1", "/network/v2.0"


@dataclass
class Tenant:
    """What the client believes to have. Ids of what was acknowledged; `names` are the last acknowledged ones."""

    run: Run
    network: str = ""
    subnet: str = ""
    group: str = ""
    second: str = ""
    key: str = ""
    port: str = ""
    server: str = ""
    holder: str = ""  # the server that holds the port
    rule: str = ""
    range: str = ""  # a subnet outside the first one's VPC block
    bare: str = ""  # a port in it, without security groups
    outsider: str = ""  # the server that holds it
    lan: str = ""  # a network of its own for what follows, and its subnet
    lan_subnet: str = ""
    inside: str = ""  # a server in it
    extra: str = ""  # a port that was added to that server
    band: str = ""  # a server group
    member: str = ""  # a server in it
    router: str = ""
    floating: str = ""
    names: dict[str, str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)  # networks, groups and keys that the cloud has had
    facts: dict[tuple[str, str], str] = field(default_factory=dict)  # (id, what) to the last acknowledged value
    count: int = 0

    # Asking

    def name(self, stem: str) -> str:
        """Return a name not used before."""
        self.count += 1
        return f"{stem}-{self.count}"

    def create(
        self, path: str, noun: str, body: dict[str, Any], *, by: str = "name", beside: dict[str, Any] | None = None
    ) -> str:
        """Create something and return its id. After a lost answer the client looks for it first.

        by: the field by which it is known again. beside: what stands in the body beside the noun.
        """
        while True:
            try:
                made = self.run.ask("POST", path, {noun: body, **(beside or {})})[noun]
            except (LostAnswerError, RefusedError) as error:
                # Perhaps an earlier try has made it, and what is refused is the second one of it.
                there = self.run.ask("GET", f"{path}?{by}={body[by]}")[f"{noun}s"]
                found = [one for one in there if one.get(by) == body[by]]  # not every list can be asked for it
                if not found and isinstance(error, RefusedError):
                    raise
                if not found:
                    continue  # it never came to be; the user asks anew
                made = found[0]
            id_ = str(made["id"])
            self.names[id_] = str(body[by])
            return id_

    def update(self, path: str, noun: str, id_: str, name: str) -> None:
        """Rename something, if it is there."""
        if not id_ or id_ in self.deleted:
            return
        taken = self.run.took("PUT", f"{path}/{id_}", {noun: {"name": name}})
        if taken:
            self.names[id_] = name
        elif taken is None:
            self.names.pop(id_, None)  # it may be either

    def change(self, path: str, body: dict[str, Any], about: tuple[str, str], value: str) -> None:
        """Change something; remember what was acknowledged."""
        taken = self.run.took("PUT", path, body)
        if taken:
            self.facts[about] = value
        elif taken is None:
            self.facts.pop(about, None)  # it may be either

    def delete(self, path: str, id_: str) -> None:
        """Ask for deletion until it is granted. A lost answer is followed by another try, which may find nothing."""
        if id_:
            self.deleted.add(id_)
            self.run.quietly("DELETE", f"{path}/{id_}")

    def act(self, action: str, value: Any = None, server: str = "") -> bool:
        """Ask a server to do something; return whether that was granted."""
        try:
            return self.run.quietly("POST", f"{COMPUTE}/servers/{server or self.server}/action", {action: value})
        except LostAnswerError:
            return False

    def status(self, server: str) -> str:
        """Return a server's status; GONE when it is not there."""
        try:
            return str(self.run.ask("GET", f"{COMPUTE}/servers/{server}", retry=True)["server"]["status"])
        except RefusedError as error:
            if error.status != 404:
                raise
            return "GONE"
