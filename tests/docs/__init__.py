"""The documentation, held against the code: what can be generated is, and what a page names must exist.

A page that was true when it was written misleads sooner or later, and nobody notices. So tables come from the data
that the program itself uses (`make docs` writes them), and names, paths, links and AWS actions in the prose
are looked up.
"""
