"""The type of plain JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    Json: TypeAlias = bool | int | float | str | list["Json"] | tuple["Json", ...] | dict[str, "Json"] | None
else:
    Json = Any  # msgspec resolves annotations when it decodes, and knows no recursive alias
