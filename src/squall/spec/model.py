"""The document as frozen structs, field for field; camelCase in YAML, snake_case here.

Faults and probes are open sets: their settings are structs derived from `FaultSettings` and `ProbeSettings`, found by
type name in the `Registry` that the caller hands to `parse`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from squall.spec.scalars import (
    Amount,
    Bound,
    Cidr,
    Cron,
    Duration,
    LabelKey,
    LabelValue,
    Name,
    Namespace,
    Percent,
    PercentBound,
    PositiveDuration,
    PositivePercent,
    Quantity,
    Ref,
    Span,
    Timestamp,
    TimeZone,
    Title,
    Url,
    Word,
)

API_VERSION = "chaos.example.com/v1"
KIND = "ChaosExperiment"

Mode = Literal["one", "all", "fixed", "fixed-percent", "random-max-percent"]
Direction = Literal["to", "from", "both"]
Preflight = Literal["healthy", "capacity", "dependencies", "replicas"]
Metric = Literal[
    "successRate", "errorRate", "p50", "p90", "p95", "p99", "mean", "max", "min", "value", "status", "exitCode"
]


class Model(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Base of every mapping in the document."""


class FaultSettings(Model, frozen=True, kw_only=True, tag_field="type"):
    """Base of all faults' settings; a subclass sets `tag="podKill"` and adds its parameters."""


class ProbeSettings(Model, frozen=True, kw_only=True, tag_field="probe"):
    """Base of all probes' settings; a subclass sets `tag="http"` and adds its parameters."""


class Registry(msgspec.Struct, frozen=True):
    """The known faults and probes by the name that a document uses."""

    faults: Mapping[str, type[FaultSettings]]
    probes: Mapping[str, type[ProbeSettings]]


class Metadata(Model, frozen=True):
    """Names the experiment."""

    name: Name
    namespace: Namespace = ""
    labels: dict[LabelKey, LabelValue] = {}
    annotations: dict[LabelKey, str] = {}


class Expression(Model, frozen=True):
    """One label requirement, as in Kubernetes' `matchExpressions`."""

    key: LabelKey
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: tuple[LabelValue, ...] = ()


class TargetSpec(Model, frozen=True):
    """Who may be hurt, and how many of them. `selector`, `expressions` and `refs` are ANDed with `namespace`."""

    platform: Word | None = None
    namespace: Namespace | None = None
    selector: dict[LabelKey, LabelValue] = {}
    expressions: tuple[Expression, ...] = ()
    exclude: dict[LabelKey, LabelValue] = {}
    refs: tuple[Ref, ...] = ()
    mode: Mode | None = None
    value: Amount | None = None


class PeerSpec(Model, frozen=True):
    """The other end of a network fault; the same selection words as a target, always all that match."""

    namespace: Namespace | None = None
    selector: dict[LabelKey, LabelValue] = {}
    expressions: tuple[Expression, ...] = ()
    refs: tuple[Ref, ...] = ()
    cidr: Cidr | None = None


class Expect(msgspec.Struct, frozen=True):
    """What must hold of a probe's readings: every bound, by metric. `"< 25%"` alone bounds the metric `value`."""

    bounds: dict[Metric, Bound]


class SteadyState(Model, frozen=True):
    """One observation of the system, judged before, (with `during`) while, and after it is hurt.

    `faults` limits the judgement while hurt to the windows of the named faults; `phases` limits the phases judged.
    `reveals` is the weakness that a broken expectation shows, with `{target}`, `{peer}` and `{fault}` filled in from
    the plan. `rate` is readings per second where `during`.
    """

    name: Title
    probe: ProbeSettings
    expect: Expect
    during: bool = False
    rate: Annotated[float, msgspec.Meta(gt=0, le=1000)] = 20.0
    faults: tuple[Word, ...] = ()
    phases: tuple[Literal["before", "during", "after"], ...] = ()
    reveals: str = ""


class FaultEntry(msgspec.Struct, frozen=True):
    """One fault of the graph: the settings, and when, for how long and on whom. Built from `action` or `faults[i]`.

    `count` and `percentage` of the short form select targets; `duration` None means until the engine ends it at once
    (faults that are over when they have happened).
    """

    name: Word
    settings: FaultSettings
    duration: Span | None = None
    start_after: tuple[Word, ...] = ()
    start_delay: Duration = 0.0
    target: TargetSpec | None = None
    count: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    percentage: PositivePercent | None = None


class StopCondition(Model, frozen=True):
    """While the run lasts `expect` must hold; broken (or without data) for `hold` seconds, the run is stopped."""

    name: Title
    probe: ProbeSettings
    expect: Expect
    hold: PositiveDuration = msgspec.field(default=15.0, name="for")
    every: PositiveDuration = 1.0


class Safety(Model, frozen=True):
    """Limits. They can only tighten the built-in ones."""

    min_healthy: Quantity | None = None
    max_targets: Quantity | None = None
    protected: tuple[Ref, ...] = ()
    preflight: tuple[Preflight, ...] = ("healthy", "capacity", "replicas")
    stop_when: tuple[StopCondition, ...] = ()
    max_duration: PositiveDuration = 3600.0
    lease: PositiveDuration = 10.0


class Success(Model, frozen=True):
    """Criteria on the whole run."""

    recover_within: PositiveDuration | None = None
    error_rate_increase: PercentBound | None = None
    rto: PositiveDuration | None = None
    rpo: PositiveDuration | None = None
    fallback_within: PositiveDuration | None = None


class TimeWindow(Model, frozen=True):
    """A span of absolute time in which runs may start."""

    start: Timestamp
    end: Timestamp


class Schedule(Model, frozen=True):
    """When scheduler and operator start runs; `squall run` means now and reports this only."""

    cron: Cron | None = None
    time_zone: TimeZone = "UTC"
    time_window: TimeWindow | None = None
    blackout: tuple[TimeWindow, ...] = ()
    concurrency_policy: Literal["Forbid", "Allow", "Replace"] = "Forbid"
    starting_deadline: Duration = 600.0
    jitter: Duration = 0.0
    suspend: bool = False


class Endpoint(Model, frozen=True):
    """Where a monitoring server answers."""

    endpoint: Url


class Alert(Model, frozen=True):
    """A named alert, looked up and reported; it stops nothing."""

    name: Title
    threshold: Percent | None = None


class Monitoring(Model, frozen=True):
    """Servers and pages to read and to link."""

    prometheus: Endpoint | None = None
    pushgateway: Endpoint | None = None
    grafana_dashboard: Url | None = None
    alerts: tuple[Alert, ...] = ()


class Remediation(Model, frozen=True):
    """What to do when something did not go as hoped."""

    when: Literal["notRecovered", "broken", "aborted"]
    do: Literal["restartWorkload", "notify"]


class Spec(msgspec.Struct, frozen=True):
    """The body of an experiment. `faults` holds the short form's `action` as one entry named after its type."""

    target: TargetSpec
    faults: tuple[FaultEntry, ...] = ()
    description: str = ""
    steady_state: tuple[SteadyState, ...] = ()
    safety: Safety = Safety()
    success: Success = Success()
    schedule: Schedule | None = None
    monitoring: Monitoring = Monitoring()
    remediation: tuple[Remediation, ...] = ()


class Experiment(msgspec.Struct, frozen=True):
    """A whole document."""

    metadata: Metadata
    spec: Spec
    source: str = ""
