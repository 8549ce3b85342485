"""Chaos: real processes killed with SIGKILL at every step that can be seen from outside, then compared with the cloud.

It exists because "exactly once" is a claim about what a dead process left behind, and only a dead process can prove
it. The steps are recorded, never written down by hand, so that a new write or call is a new kill without anybody
remembering it. Without this package a change that duplicates an instance once in a thousand crashes would pass.
"""
