"""The receipt: every claimed slot and everything owner-marked, before and after. Pure comparison of inspectors' words.

Each difference is *ours* (something of ours is left), *loss* (declared, and replaced by something healthy), or
*foreign* (somebody else's change, listed). A claimed slot that cannot be read counts against us.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from squall._kit.json import Json
from squall.run.result import Receipt, ReceiptLine
from squall.targets.api import Inspector, Residue, Slot, Unreadable

SlotStates = Mapping[Slot, dict[str, Json] | Unreadable]
_IDENTITY = ("uid", "ready")


async def states(inspector: Inspector, slots: Sequence[Slot]) -> dict[str, Json]:
    """The slots' states as plain JSON, for the journal; an unreadable one is its reason as text."""
    read = await inspector.read(slots)
    return {slot: (state.why if isinstance(state, Unreadable) else state) for slot, state in read.items()}


def compare(
    before: Mapping[str, Json], after: SlotStates, owned: Sequence[Residue], run: str, lost: Collection[str]
) -> Receipt:
    """The receipt of `run`; `lost` are the uids that were declared lost."""
    lines = [_line(slot, before.get(slot), state, run, lost) for slot, state in after.items()]
    seen = {line.slot for line in lines if line.kind == "ours"}
    lines.extend(
        ReceiptLine(slot=residue.slot, kind="ours", text=f"still there: {residue.what}", remedy=residue.remedy)
        for residue in owned if residue.owner.split("/")[0] == run and residue.slot not in seen
    )  # fmt: skip
    return Receipt(slots=len(after), lines=tuple(lines))


def _line(slot: str, before: Json, after: dict[str, Json] | Unreadable, run: str, lost: Collection[str]) -> ReceiptLine:
    if isinstance(after, Unreadable) or not isinstance(before, dict):
        why = after.why if isinstance(after, Unreadable) else f"it was not read before: {before}"
        return ReceiptLine(slot=slot, kind="unreadable", text=why, before=before, remedy="squall recover")
    if before == after:
        return ReceiptLine(slot=slot, kind="restored", text="as it was", before=before, after=after)
    kind, text = _judge(before, after, run, lost)
    remedy = "squall recover; squall rollback" if kind == "ours" else ""
    return ReceiptLine(slot=slot, kind=kind, text=text, before=before, after=after, remedy=remedy)  # type: ignore[arg-type]


def _judge(before: dict[str, Json], after: dict[str, Json], run: str, lost: Collection[str]) -> tuple[str, str]:
    owner = str(after.get("owner") or "")
    if owner:
        kind = "ours" if owner.split("/", maxsplit=1)[0] == run else "foreign"
        return kind, f"it is held by {owner}"
    changed = sorted(key for key in after if after[key] != before.get(key) and key not in _IDENTITY)
    if changed:
        return "ours", "; ".join(f"{key} was {before.get(key)}, is {after[key]}" for key in changed)
    if before.get("uid") in lost:
        return "loss", _loss(before, after)
    if before.get("uid") != after.get("uid"):
        return "foreign", f"it was replaced meanwhile: {before.get('uid')} by {after.get('uid') or 'nothing'}"
    return "foreign", f"ready was {before.get('ready')}, is {after.get('ready')}"


def _loss(before: dict[str, Json], after: dict[str, Json]) -> str:
    if not after.get("uid"):
        return f"{before['uid']} is gone, as declared"
    health = "healthy" if after.get("ready", True) else "not healthy yet"
    return f"{before['uid']} was lost, as declared; {after['uid']} has taken its place, {health}"
