"""Metrics: one registry a process, passed to whoever counts.

The library's default registry is a global: two regions, two tests or two engines in one process would count into each
other. So a registry is made by the process's main and handed down.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Info, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from gurum import __version__

CONTENT_TYPE = CONTENT_TYPE_LATEST


def registry(process: str) -> CollectorRegistry:
    """Return a new registry that already tells the process's name, version, CPU, memory, files and collections."""
    # A series "created at" beside every counter and histogram would be a third of all series, and nobody graphs it.
    disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has not typed this one
    made = CollectorRegistry(auto_describe=True)
    ProcessCollector(registry=made)
    PlatformCollector(registry=made)
    GCCollector(registry=made)
    Info("gurum_build", "Which process of which release this is", registry=made).info(
        {"process": process, "version": __version__}
    )
    return made


def render(metrics: CollectorRegistry) -> bytes:
    """Return all metrics in Prometheus' text form (content type: CONTENT_TYPE)."""
    return generate_latest(metrics)
