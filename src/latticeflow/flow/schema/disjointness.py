"""Types that have no value in common."""

from __future__ import annotations

from latticeflow.flow.schema.parts import (
    are_kinds_apart,
    is_nothing,
    kind_of,
    takes_anything,
    union_of,
    values_of,
)
from latticeflow.flow.schema.references import Resolver
from latticeflow.flow.schema.validation import check_value

_DEEPEST = 6


def are_disjoint(
    one: object, other: object, resolvers: tuple[Resolver, Resolver], depth: int = _DEEPEST
) -> bool:
    """Tell whether surely no value fits both schemas; False where that is not seen at once.

    Args:
        one: A schema.
        other: Another, of a document of its own.
        resolvers: What follows the references of each.
        depth: How far down is looked.
    """
    first, second = resolvers[0].follow(one), resolvers[1].follow(other)
    if is_nothing(first) or is_nothing(second):
        return True
    if depth == 0 or takes_anything(first) or takes_anything(second):
        return False
    swapped = (resolvers[1], resolvers[0])
    for mine, theirs, order in ((first, second, resolvers), (second, first, swapped)):
        union = union_of(mine)
        if union is not None:
            return all(are_disjoint(part, theirs, order, depth - 1) for part in union.members)
        values = values_of(mine)
        if values is not None:
            return all(check_value(value, theirs, order[1]) is not None for value in values)
    if are_kinds_apart(kind_of(first), kind_of(second)):
        return True
    if kind_of(first) != "object" or kind_of(second) != "object":
        return False
    shared = set(first.get("required", ())) & set(second.get("required", ()))
    ours, theirs = first.get("properties", {}), second.get("properties", {})
    return any(
        name in ours
        and name in theirs
        and are_disjoint(ours[name], theirs[name], resolvers, depth - 1)
        for name in shared
    )
