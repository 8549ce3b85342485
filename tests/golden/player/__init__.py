"""Plays recorded requests against one region of a cloud and compares the answers with the recorded ones.

It is our own, and independent of the product: it speaks HTTP and reads files, and imports nothing of Gurum, so a
mistake in the product cannot hide in its own test. The order of work: `corpus` loads scenarios, `clouds`,
`keystone` and `variables` prepare a cloud, `play` makes a recording, `mask` and `normalise` take out what may
differ, `diff` compares, `allow` and `rows` excuse, `groups`, `thresholds` and `report` judge, `mutate` checks the
comparer itself.
"""
