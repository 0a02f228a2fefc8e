"""Numbers and settings in words, for people."""

from __future__ import annotations

import msgspec

from squall.spec.model import FaultSettings, PeerSpec


def seconds(value: float) -> str:
    """`250ms`, `3.6s`, `5m`, `1h30m`."""
    if value < 1 and value > 0:
        return f"{value * 1000:g}ms"
    if value < 120 or value % 60:
        return f"{value:g}s" if value < 120 else f"{int(value // 60)}m{value % 60:g}s"
    hours, minutes = divmod(int(value // 60), 60)
    return f"{hours}h{minutes}m" if hours and minutes else f"{hours}h" if hours else f"{minutes}m"


def fault_in_words(settings: FaultSettings) -> str:
    """The fault's settings that differ from their defaults: `networkLatency latency 100ms, direction both`."""
    parts = [_one(field, getattr(settings, field.name)) for field in msgspec.structs.fields(settings)]
    kind = str(type(settings).__struct_config__.tag)
    return " ".join([kind, ", ".join(part for part in parts if part)]).strip()


def _one(field: msgspec.structs.FieldInfo, value: object) -> str:
    if isinstance(value, PeerSpec):
        return _peer(value)
    if value == field.default and field.name != "direction":
        return ""
    return f"{field.encode_name} {_value(field, value)}"


def _peer(peer: PeerSpec) -> str:
    words = [f"{key}={text}" for key, text in peer.selector.items()]
    words += [f"{e.key} {e.operator} {'|'.join(e.values)}".strip() for e in peer.expressions]
    words += list(peer.refs) + ([peer.cidr] if peer.cidr else [])
    return "peer " + " and ".join(words) if words else "peer anyone"


def _value(field: msgspec.structs.FieldInfo, value: object) -> str:
    scalar = _scalar_name(field)
    if isinstance(value, float) and scalar == "duration":
        return seconds(value)
    if isinstance(value, float) and scalar == "percent":
        return f"{value * 100:g}%"
    if isinstance(value, float) and scalar == "rate":
        return f"{value * 8 / 1e6:g} Mbit/s"
    return str(value)


def _scalar_name(field: msgspec.structs.FieldInfo) -> str:
    for extra in getattr(field.type, "__metadata__", ()):
        return str(getattr(extra, "name", ""))
    return ""
