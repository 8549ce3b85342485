"""From one store to another, with nothing lost: ids, times, generations, status, deletions asked for, the journal.

The contract's own writes cannot do that: a create has no status and begins at the first generation, because that is
what its users need. So every backend has a second entrance (`contract`), which only this package uses, while nobody
works on the store. A backup of a store that is no file is such a copy too, into one that is.
"""
