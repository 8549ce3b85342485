"""Flavors: the sizes of servers. A catalogue that everybody reads and only administrators change."""
