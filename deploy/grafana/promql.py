"""PromQL that several panels share."""

from __future__ import annotations


def command(verb: str, expr: str) -> str:
    """The series of `expr` with the command line to look at each resource, as the label `look`."""
    return (
        f'label_replace(label_join({expr}, "key", "/", "namespace", "kind", "name"), '
        f'"look", "setpoint {verb} $1", "key", "(.+)")'
    )


def quantile(share: float, histogram: str, labels: str, matchers: str = "") -> str:
    """A quantile of a histogram over the time between two points, by `labels`."""
    by = f"{labels}, le" if labels else "le"
    rate = f"rate({histogram}_bucket{{{matchers}}}[$__rate_interval])"
    return f"histogram_quantile({share}, sum by ({by}) ({rate}))"


def rate(counter: str, labels: str, matchers: str = "") -> str:
    """How often a counter counts, per second, by `labels`."""
    return f"sum by ({labels}) (rate({counter}{{{matchers}}}[$__rate_interval]))"


def or_none(expr: str) -> str:
    """The expression, or 0 where it has no series: nothing to count is none, not unknown."""
    return f"{expr} or vector(0)"
