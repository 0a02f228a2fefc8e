"""Small faults and probes, and documents that use them."""

# ruff: noqa: E501  a table is read by the line
from __future__ import annotations

import textwrap
from typing import Annotated, ClassVar, Literal

import msgspec

from squall._kit.errors import InvalidDocument
from squall.faults.api import Fault
from squall.observe.api import ProbeKind
from squall.spec.model import Direction, Experiment, PeerSpec, Registry
from squall.spec.parse import parse
from squall.spec.problems import Problem
from squall.spec.scalars import Amount, Duration, Percent, PositiveDuration, PositivePercent, Rate, Size


class PodKill(Fault, frozen=True, kw_only=True, tag="podKill"):
    """Ends the target."""

    lasting: ClassVar[bool] = False
    grace_period: Duration = 0.0


class PodFailure(Fault, frozen=True, kw_only=True, tag="podFailure"):
    """Holds the target broken."""


class NetworkLatency(Fault, frozen=True, kw_only=True, tag="networkLatency"):
    """Delays packets."""

    peer: PeerSpec = PeerSpec()
    direction: Direction = "to"
    share: PositivePercent = 1.0
    latency: PositiveDuration
    jitter: Duration = 0.0


class NetworkBandwidth(Fault, frozen=True, kw_only=True, tag="networkBandwidth"):
    """Limits the rate."""

    rate: Rate
    direction: Direction = "to"


class MemoryStress(Fault, frozen=True, kw_only=True, tag="memoryStress"):
    """Takes memory; has one setting of each remaining sort."""

    size: Size
    load: Percent = 1.0
    workers: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    factor: float = 1.0
    ballast: bool = False
    volumes: tuple[str, ...] = ()
    pick: Amount | None = None

    def __post_init__(self) -> None:
        if self.factor == 13:
            raise ValueError("factor brings bad luck")


class Http(ProbeKind, frozen=True, kw_only=True, tag="http"):
    """Asks over HTTP."""

    url: str
    method: Literal["GET", "POST"] = "GET"
    timeout: PositiveDuration = 2.0
    headers: dict[str, str] = {}  # noqa: RUF012
    expect_status: tuple[int, ...] = ()


class Prometheus(ProbeKind, frozen=True, kw_only=True, tag="prometheus"):
    """Asks Prometheus."""

    query: str


class Command(ProbeKind, frozen=True, kw_only=True, tag="command"):
    """Runs a command."""

    argv: tuple[str, ...]
    timeout: PositiveDuration = 5.0


FAULTS = (PodKill, PodFailure, NetworkLatency, NetworkBandwidth, MemoryStress)
PROBES = (Http, Prometheus, Command)
REGISTRY = Registry(
    {str(cls.__struct_config__.tag): cls for cls in FAULTS}, {str(cls.__struct_config__.tag): cls for cls in PROBES}
)

POD_FAILURE = """\
apiVersion: chaos.example.com/v1
kind: ChaosExperiment
metadata:
  name: pod-failure-test
spec:
  target:
    namespace: production
    selector:
      app: payment-service
  action:
    type: podFailure
    duration: 5m
    count: 1
  schedule:
    timeWindow:
      start: "2023-06-01T01:00:00Z"
      end: "2023-06-01T02:00:00Z"
  monitoring:
    prometheus:
      endpoint: http://prometheus.monitoring:9090
    alerts:
      - name: HighErrorRate
        threshold: 1%
"""

NETWORK_LATENCY = """\
apiVersion: chaos.example.com/v1
kind: ChaosExperiment
metadata:
  name: api-latency-test
spec:
  target:
    namespace: production
    selector:
      app: api-gateway
  action:
    type: networkLatency
    latency: 500ms
    duration: 10m
    percentage: 50
  schedule:
    cron: "0 1 * * 2"  # Every Tuesday at 1 AM
  monitoring:
    grafanaDashboard: http://grafana.monitoring/d/chaos-experiments
"""

EVERYTHING = """\
apiVersion: chaos.example.com/v1
kind: ChaosExperiment
metadata: {name: everything, namespace: chaos, labels: {service: api-gateway}, annotations: {example.com/why: "it may"}}
spec:
  description: Checkout keeps working while the gateway is slow
  steadyState:
    - name: checkout works
      probe: {http: {url: "http://gateway/checkout", method: POST, timeout: 2s, headers: {X-A: b}, expectStatus: [200]}}
      expect: {successRate: ">= 99%", p95: "< 800ms", exitCode: "== 0", status: "== up"}
      during: true
      rate: 5
      faults: [cut]
      phases: [before, during]
      reveals: no fallback for {peer}
    - {name: errors, probe: {prometheus: {query: "sum(rate(errors[1m]))"}}, expect: "< 25%"}
  target:
    platform: kubernetes
    namespace: production
    selector: {app: api-gateway}
    expressions: [{key: tier, operator: In, values: [web, api]}, {key: canary, operator: DoesNotExist}]
    exclude: {tier: critical}
    refs: [pod/production/api-7d9f]
    mode: random-max-percent
    value: 25%-50%
  faults:
    - {name: cut, type: networkLatency, latency: 1s, direction: both, peer: {selector: {app: db}}, share: 50%, duration: 3m-5m}
    - {name: slow, type: networkBandwidth, rate: 10mbit, duration: 8m, startAfter: [cut], startDelay: 10s}
    - {name: hog, type: memoryStress, size: 256MiB, workers: 2, volumes: [/data], pick: 1-3, duration: PT30S, percentage: 25%}
    - {type: podKill, gracePeriod: 0, count: 2, target: {refs: [pod/a/b], mode: fixed, value: 1}}
  safety:
    minHealthy: 2
    maxTargets: 50%
    protected: [kube-system/kube-dns]
    preflight: [healthy, capacity, dependencies, replicas]
    stopWhen: [{name: errors, probe: {command: {argv: [check, "-v"]}}, expect: {exitCode: "== 0"}, for: 15s, every: 2}]
    maxDuration: 15m
    lease: 10s
  success: {recoverWithin: 5m, errorRateIncrease: "< 1%", rto: 15m, rpo: 5m, fallbackWithin: 30s}
  schedule:
    cron: "*/5 0-6,22 * jan-mar MON"
    timeZone: UTC
    timeWindow: {start: 2030-06-01T01:00:00Z, end: 2030-06-01T02:00:00+00:30}
    blackout: [{start: 2030-12-24T00:00:00Z, end: 2030-12-27T00:00:00Z}]
    concurrencyPolicy: Forbid
    startingDeadline: 10m
    jitter: 5m
    suspend: false
  monitoring: {pushgateway: {endpoint: "http://push:9091"}, alerts: [{name: HighErrorRate}]}
  remediation: [{when: notRecovered, do: restartWorkload}]
"""


def document(spec: str, metadata: str = "{name: x}") -> str:
    """A document with this body; its `spec` begins in line 5."""
    head = f"apiVersion: chaos.example.com/v1\nkind: ChaosExperiment\nmetadata: {metadata}\nspec:\n"
    return head + textwrap.indent(textwrap.dedent(spec).strip("\n"), "  ") + "\n"


TARGET = "target: {selector: {app: api}}"


def with_fault(fault: str) -> str:
    """A document with one fault in the short form, in line 6."""
    return document(f"{TARGET}\naction: {fault}")


def read(text: str | bytes) -> Experiment:
    """Parse with the small registry."""
    return parse(text, REGISTRY, file="x.yaml")


def problems(text: str | bytes) -> tuple[Problem, ...]:
    """The problems of a document; none where it is good."""
    try:
        read(text)
    except InvalidDocument as error:
        return tuple(problem for problem in error.problems if isinstance(problem, Problem))
    return ()


def says(text: str | bytes) -> list[str]:
    """The problems as a person sees them."""
    return [str(problem) for problem in problems(text)]
