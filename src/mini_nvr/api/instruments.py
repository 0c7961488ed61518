"""What the web service counts about itself, in a registry of its own, so that two apps in one process never share numbers."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Instruments:
    """Counters of one app. Labels are route templates and status classes, never paths or names: their number stays bounded."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "mini_nvr_http_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "mini_nvr_http_seconds",
            "Time from a request to the start of its answer.",
            ["route"],
            buckets=(0.005, 0.02, 0.05, 0.2, 1.0, 5.0),
            registry=self.registry,
        )
        self.sent_bytes = Counter("mini_nvr_http_sent_bytes", "Bytes of answers' bodies.", registry=self.registry)
        self.viewers = Gauge("mini_nvr_live_viewers", "Open live connections.", ["channel", "stream"], registry=self.registry)
        self.listeners = Gauge("mini_nvr_event_listeners", "Open event streams.", registry=self.registry)
        self.refusals = Counter("mini_nvr_refusals", "Requests refused by the guard.", ["kind"], registry=self.registry)
