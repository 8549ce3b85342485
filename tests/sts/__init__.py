"""What "to AWS without stored keys" promises, seen on a whole run: `make sts`.

A token is good for minutes and a session for a quarter of an hour, so a test of one class sees neither what is left on
a disk after many of them, nor whether each of two people at one server is named for their own verb, nor whether a key
can be changed under them. Here the issuer, STS and the engine are processes; between the engine and STS sits a listener
(`recorder`), because what must be nowhere has to be known before it can be sought.

The refusals of STS are rows (`table`), each of which must end as a condition that names who has to act; they need no
processes and are met in virtual time by `test_table`.
"""
