"""The embedded run: every part as a child process of one command.

A newcomer should not have to start five programs in the right order, find their logs, or clean up after them. The
supervisor starts them as rows of data, shows what each is doing, restarts what crashes, and leaves nothing behind.
It is a convenience of the embedded run: on Kubernetes, Kubernetes does this.
"""
