"""Glance's API (v2) of a region's catalogue: images are listed and shown; what would make or change one is refused.

It exists so that clients find images as they do elsewhere. The catalogue is the operator's; uploads are not part of
this release, and are refused as a Glance whose policy forbids them refuses them, never accepted and lost.
"""
