"""What a pattern is: a definition of which query meets which key how often, and a hint where to look for the pairs.

The definition, `count`, is all that a pattern must have; the dense engine runs it as it stands and is the oracle. A
pattern that leaves most pairs out adds a `layout`: a superset of the pairs that the definition counts, as the blocked
engine can walk it. The layout decides the speed, never the result: what it visits is counted by the definition.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from regard.nn.attention.options import PatternOptions


@dataclass(frozen=True)
class Plan:
    """What is known of one call before anything is computed: its lengths, and what the pattern drew or looked up.

    The last query stands at the last key (`offset`), so that a decoder's cache fits. Tables are indexed `[text, head]`
    first, each with one entry where all are alike.
    """

    queries: int
    keys: int
    tables: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def offset(self) -> int:
        return self.keys - self.queries

    def at(self, name: str, b: Any, h: Any, *places: Any) -> Tensor:
        """The table's entries of text b, head h at these places: integers or index tensors that broadcast."""
        table = self.tables[name]
        return table[(b if table.shape[0] > 1 else 0, h if table.shape[1] > 1 else 0, *places)]


@dataclass(frozen=True)
class Band:
    """Keys from `before` tokens before a query to `after` behind it; besides, `columns` that every query may meet and
    `rows`, queries that may meet every key. `shifts`: away from columns and rows, the count depends on k - q only."""

    before: int
    after: int
    columns: tuple[int, ...] = ()
    rows: tuple[int, ...] = ()
    shifts: bool = False


@dataclass(frozen=True)
class Grid:
    """Blocks of `block` queries by blocks of keys; `alike`: all queries of a block count alike.

    A query block meets the key blocks `before` to `after` around it, the blocks in `columns`, and those of its line in
    `table` `[1, h or 1, blocks, r]` (-1: none); the query blocks in `rows` meet every key. `before` below 0: no band.
    """

    block: int
    before: int = -1
    after: int = 0
    columns: tuple[int, ...] = ()
    rows: tuple[int, ...] = ()
    table: Tensor | None = None
    alike: bool = True


@dataclass(frozen=True)
class Sorted:
    """Tokens in the order of `order` `[b, h, rounds, n]`, cut into chunks of `chunk`, the rounds one after the other
    in a ring: a query of one chunk meets the keys of `before` chunks before it to `after` chunks behind it."""

    order: Tensor
    chunk: int
    before: int
    after: int


Layout = Band | Grid | Sorted


class Pattern(ABC):
    """Base. A subclass names its `Options`, and writes `count`; `plan` and `layout` where it has them."""

    Options: type[PatternOptions] = PatternOptions
    needs_vectors = False  # whether the plan looks at the vectors themselves

    def __init__(self, options: Any = None, **settings: Any) -> None:
        self.options: Any = self.Options(**settings) if options is None else options

    def plan(
        self,
        queries: int,
        keys: int,
        *,
        heads: int = 1,
        keep: Tensor | None = None,
        vectors: Tensor | None = None,
        device: torch.device | str = "cpu",
    ) -> Plan:
        """What `count` and `layout` need to know. `keep` `[b s]` and `vectors` `[b h s d]` are for patterns that look
        at the text (hashing); the others do without."""
        return Plan(queries, keys)

    @property
    def extends(self) -> bool:
        """Whether a text's pairs stay as they are when tokens come behind it, where none looks ahead: what was read can
        be kept in a cache then."""
        return True

    @abstractmethod
    def count(self, b: Any, h: Any, q: Any, k: Any, plan: Plan) -> Tensor:
        """How often the query at place q of text b, head h, meets the key at place k: 0 hides it.

        All four are integer tensors that broadcast; the result does too (bool where nothing is met twice).
        """

    def layout(self, plan: Plan, text: int = 0) -> Layout | None:
        """Where the pairs of one text of the batch are; None: anywhere."""
        return None

    def __and__(self, other: Pattern) -> Pattern:
        """Pairs that both patterns see; counted as often as the one times the other."""
        return Both(self, other)

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self.options.model_dump().items())
        return f"{type(self).__name__}({settings})"


class Both(Pattern):
    """`first & second`; the first is the one with tables, the second may have a layout only."""

    def __init__(self, first: Pattern, second: Pattern) -> None:
        super().__init__()
        self.first, self.second = first, second
        self.needs_vectors = first.needs_vectors or second.needs_vectors

    @property
    def extends(self) -> bool:
        return self.first.extends and self.second.extends

    def plan(self, queries: int, keys: int, **context: Any) -> Plan:
        first = self.first.plan(queries, keys, **context)
        second = self.second.plan(queries, keys, **context)
        if second.tables:
            raise ValueError(f"{self.second!r} draws a plan of its own: it must come first")
        return first

    def count(self, b: Any, h: Any, q: Any, k: Any, plan: Plan) -> Tensor:
        return self.first.count(b, h, q, k, plan) * self.second.count(b, h, q, k, Plan(plan.queries, plan.keys))

    def layout(self, plan: Plan, text: int = 0) -> Layout | None:
        first, second = self.first.layout(plan, text), self.second.layout(Plan(plan.queries, plan.keys), text)
        if not isinstance(second, Band) or second.columns or second.rows:
            return first if second is None else None if first is None else _unshifted(first)
        if first is None:
            return second
        if isinstance(first, Band):
            return replace(
                first,
                before=min(first.before, second.before),
                after=min(first.after, second.after),
                shifts=first.shifts and second.shifts,
            )
        # An edge through a block; sorted tokens have no edges.
        return replace(first, alike=False) if isinstance(first, Grid) else None

    def __repr__(self) -> str:
        return f"{self.first!r} & {self.second!r}"


def _unshifted(layout: Layout) -> Layout | None:
    return replace(layout, shifts=False) if isinstance(layout, Band) else None
