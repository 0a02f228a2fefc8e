"""`lab/shape`: toxics on the links between an instance and its peers; the link process ends them with the lease."""

from __future__ import annotations

from squall._kit.errors import Conflict, SquallError, TargetNotFound
from squall._kit.json import Json
from squall.targets.api import Clean, Dose, Held, Lease, Lost, Mark, Present, Shape, Slot, Target, Undo, Unknown
from squall.targets.lab.base import LabDriver, LabUndo
from squall.targets.lab.client import ask

_FLIP = {"to": "from", "from": "to", "both": "both"}


class ShapeUndo(LabUndo, frozen=True, kw_only=True):
    """Which links are cleared of the mark's toxics, each with the direction as seen from its source."""

    links: dict[str, str]


class LabShape(LabDriver[Shape]):
    """Changes the traffic on links."""

    undo_type = ShapeUndo

    def refuses(self, target: Target, effect: Shape) -> str | None:
        if not effect.peers:
            return f"{target.ref} has no link to the named peer"
        return super().refuses(target, effect)

    def claims(self, target: Target, effect: Shape) -> frozenset[Slot]:
        return frozenset(Slot(f"lab/link/{link}") for link in _links(target.facts.get("links", ""), effect))

    def describe_undo(self, target: Target, effect: Shape) -> str:
        return "the link's toxics are cleared"

    async def capture(self, ref: str, effect: Shape) -> ShapeUndo:
        name = ref.removeprefix("lab/")
        world = await ask(self._folder, "world")
        links: dict[str, str] = {}
        rows = world["links"]
        assert isinstance(rows, list)  # noqa: S101 - the protocol's own shape
        for row in (row for row in rows if isinstance(row, dict)):
            direction = _direction(name, row, effect)
            if direction and row["toxics"]:
                raise Conflict(f"link {row['id']} is changed by another run", hint="squall status")
            if direction:
                links[str(row["id"])] = direction
        if not links:
            raise TargetNotFound(f"lab/{name} has no link to {', '.join(effect.peers)}")
        return ShapeUndo(lab=self._folder, links=links)

    async def apply(self, ref: str, effect: Shape, undo: ShapeUndo, mark: Mark, lease: Lease) -> None:
        toxics = _toxics(effect)
        for link, direction in undo.links.items():
            await ask(
                undo.lab, "toxics.set", link=link, mark=str(mark), direction=direction, share=effect.share,
                toxics=toxics, ttl_s=lease.ttl_s,
            )  # fmt: skip

    async def renew(self, ref: str, undo: ShapeUndo, mark: Mark, lease: Lease) -> Held | Lost:
        for link in undo.links:
            reply = await ask(undo.lab, "toxics.renew", link=link, mark=str(mark), ttl_s=lease.ttl_s)
            if not reply["held"]:
                return Lost(f"link {link} has no toxics any more")
        return Held()

    async def restore(self, ref: str, undo: ShapeUndo, mark: Mark) -> None:
        failed: list[SquallError] = []
        for link in undo.links:
            try:
                await ask(undo.lab, "toxics.clear", link=link, mark=str(mark))
            except SquallError as error:  # one link's failure never keeps the others hurt
                failed.append(error)
        if failed:
            raise failed[0]

    async def look(self, ref: str, undo: ShapeUndo, mark: Mark) -> Clean | Present | Unknown:
        for link in undo.links:
            toxics = (await ask(undo.lab, "toxics.get", link=link)).get("toxics")
            if isinstance(toxics, dict) and toxics["mark"] == str(mark):
                return Present(f"link {link} still has toxics")
        return Clean()

    async def dose(self, ref: str, undo: Undo, mark: object) -> Dose | None:
        assert isinstance(undo, ShapeUndo)  # noqa: S101 - the registry hands back our own undo
        total: dict[str, float] = {}
        for link in undo.links:
            counters = (await ask(undo.lab, "toxics.counters", link=link, mark=str(mark))).get("counters")
            for name, value in counters.items() if isinstance(counters, dict) else ():
                total[name] = total.get(name, 0.0) + float(str(value))
        return Dose(total)


def _direction(name: str, row: dict[str, Json], effect: Shape) -> str:
    """The effect's direction as seen from the link's source, or nothing where the link is not meant."""
    if row["src"] == name and f"lab/{row['dst']}" in effect.peers:
        return effect.direction
    if row["dst"] == name and f"lab/{row['src']}" in effect.peers:
        return _FLIP[effect.direction]
    return ""


def _toxics(effect: Shape) -> list[Json]:
    """The effect as the link's toxics."""
    toxics: list[Json] = []
    if effect.cut:
        toxics.append({"type": "cut"})
    if effect.reset:
        toxics.append({"type": "reset"})
    if effect.latency_s or effect.jitter_s:
        toxics.append({"type": "latency", "latency_s": effect.latency_s, "jitter_s": effect.jitter_s})
    if effect.loss:
        toxics.append({"type": "loss", "probability": effect.loss})
    if effect.corrupt:
        toxics.append({"type": "corrupt", "probability": effect.corrupt})
    if effect.rate_bytes_per_s:
        toxics.append({"type": "bandwidth", "rate_bytes_per_s": effect.rate_bytes_per_s})
    return toxics


def _links(links: str, effect: Shape) -> list[str]:
    """The ids among `src--dst src--dst ...` that join the target and a peer."""
    peers = {peer.removeprefix("lab/") for peer in effect.peers}
    return [link for link in links.split() if peers & set(link.split("--"))]
