"""The attribute tables, one module a noun: the data that the rest of the network API is driven by."""
