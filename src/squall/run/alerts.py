"""The alerts that a document names: looked up in Prometheus all along and reported. They stop nothing."""

from __future__ import annotations

import asyncio

from squall.observe.api import Probe, Surroundings
from squall.run.events import Chronicle
from squall.spec.model import Monitoring

EVERY_S = 1.0


class Alerts:
    """Asks for each named alert, once a second."""

    def __init__(self, monitoring: Monitoring, surroundings: Surroundings, chronicle: Chronicle) -> None:
        self._chronicle = chronicle
        self._probes: dict[str, Probe] = {}
        self._seen: dict[str, str] = {}
        self._tasks: list[asyncio.Task[None]] = []
        if monitoring.prometheus is None:
            self._seen = {alert.name: "not looked up: no prometheus is named" for alert in monitoring.alerts}
            return
        from squall.observe.prometheus import Prometheus

        for alert in monitoring.alerts:
            query = f'ALERTS{{alertname="{_quoted(alert.name)}",alertstate="firing"}}'
            kind = Prometheus(endpoint=monitoring.prometheus.endpoint, query=query)
            self._probes[alert.name] = kind.open(surroundings)

    def start(self) -> None:
        """Begin to ask."""
        self._tasks = [asyncio.create_task(self._ask(name, probe)) for name, probe in self._probes.items()]

    async def end(self) -> None:
        """Ask no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(probe.close() for probe in self._probes.values()))

    def notes(self) -> tuple[str, ...]:
        """One line for each alert."""
        return tuple(f"alert {name}: {what}" for name, what in self._seen.items())

    async def _ask(self, name: str, probe: Probe) -> None:
        self._seen[name] = "never read"
        while True:
            reading = await probe.read(self._chronicle.clock.now())
            fired = self._seen[name] == "fired during the run"
            if reading.value is not None and not fired:
                self._seen[name] = "fired during the run"
                self._chronicle.tell("alert", f"alert {name} fires", level="warning")
            elif not fired:
                silent = reading.error is None or "no data" in reading.error
                self._seen[name] = "silent all along" if silent else f"could not be read: {reading.error}"
            await self._chronicle.clock.sleep(EVERY_S)


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')
