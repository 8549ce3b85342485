"""Upstream Tempest against a running region: does software that knows nothing of us find an OpenStack here?

Our own tests ask what we thought of; Tempest asks what OpenStack's developers and the Interop guideline thought of,
with schemas that refuse any extra key. Without it a region could pass everything here and still not be an OpenStack.
What does not pass is listed in `reasons.yaml`, one row a test, and a row that is no longer true fails the run as well.
"""
