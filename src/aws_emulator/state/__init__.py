"""What exists: typed resources, indexed tables per account and region, timers, persistence.

Why typed and apart from the actions: the same rows are read by describes, changed by timers,
dumped for comparison and written to disk, and none of these may depend on how a request looked.
"""
