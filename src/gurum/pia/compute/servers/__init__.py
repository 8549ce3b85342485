"""Servers: the noun everything else serves.

Reading is `listing`, `filters` and `view` over rows that are computed once per change (`state`). Writing is `create`
with its parts (`boot`, `nics`), `change`, and the verbs of `actions`; what this release does not do is the table
`refused`.
"""
