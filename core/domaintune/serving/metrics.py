"""What Prometheus is told. No label holds a text of a client's: models that do not exist are counted as one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from domaintune.serving.shelf import Shelf

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_GAUGES: Final = {
    "waiting": ("domaintune_queue_length", "Requests that wait for a place in the batch."),
    "running": ("domaintune_requests_running", "Requests in the batch."),
    "adapters": ("domaintune_adapters_loaded", "Adapters that can answer."),
    "resident_bytes": ("domaintune_adapter_bytes", "Bytes of adapters in memory."),
}


class Meters:
    """The counters of one server."""

    def __init__(self, shelf: Shelf) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "domaintune_requests",
            "Answers by path, exact version and status.",
            ["path", "model", "status"],
            registry=self.registry,
        )
        self.tokens = Counter(
            "domaintune_tokens", "Tokens read and written.", ["model", "kind"], registry=self.registry
        )
        self.first = self._seconds("domaintune_first_token_seconds", "From a request to the first token of its answer.")
        self.gap = self._seconds("domaintune_token_gap_seconds", "From one token of an answer to the next.")
        self.whole = self._seconds("domaintune_answer_seconds", "From a request to the end of its answer.")
        self.registry.register(_Workers(shelf))

    def page(self) -> bytes:
        """Return the text that Prometheus reads."""
        return generate_latest(self.registry)

    def _seconds(self, name: str, doc: str) -> Histogram:
        return Histogram(name, doc, ["model"], buckets=_SECONDS, registry=self.registry)


class _Workers:
    """What the workers and the shelf know of themselves, read when it is asked for."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def collect(self) -> Iterator[Metric]:
        facts = [(base.name, base.worker.facts) for base in self.shelf.bases]
        for key, (name, doc) in _GAUGES.items():
            gauge = GaugeMetricFamily(name, doc, labels=["base"])
            for base, known in facts:
                gauge.add_metric([base], float(known.get(key, 0)))
            yield gauge
        restarts = CounterMetricFamily("domaintune_worker_restarts", "Workers that died.", labels=["base"])
        for base, known in facts:
            restarts.add_metric([base], float(known.get("restarts", 0)))
        yield restarts
        swaps = CounterMetricFamily("domaintune_swaps", "Changes of what is served.", labels=["result"])
        for result, count in self.shelf.swaps.items():
            swaps.add_metric([result], float(count))
        yield swaps

    def describe(self) -> Iterator[Metric]:
        """Promise nothing: asking would need the workers."""
        return iter(())
