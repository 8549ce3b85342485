"""A document of every kind in which every field says something, made from the kind's type.

A round trip proves little on an object of defaults, because defaults are not stored. `python -m tests.model.sample`
writes the fixture of every kind's present schema that has none yet, and never touches one that is there: an old form
stays as it was.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from gurum.model import codec
from gurum.model.base import Resource

FIXTURES = Path(__file__).parent / "fixtures"


def document(kind: type[Resource]) -> dict[str, Any]:
    """Return a stored document of the kind with every field set, and to something that is not its default."""
    made: dict[str, Any] = _value(inspect.type_info(kind), kind.kind, count(1))
    return made | {"schema": kind.version}


def fixture(kind: str, schema: int) -> Path:
    """Return where the fixture of a kind's form is."""
    return FIXTURES / f"{kind}.v{schema}.json"


def _value(kind: inspect.Type, name: str, numbers: count[int]) -> Any:
    """Return a value of a type; `name` is its field's, for strings that can be told apart."""
    match kind:
        case inspect.StructType():
            return {
                field.encode_name: (
                    not field.default
                    if isinstance(field.type, inspect.BoolType)
                    else _value(field.type, field.encode_name, numbers)
                )
                for field in kind.fields
                if field.encode_name != "schema"
            }
        case inspect.UnionType():
            return _value(next(t for t in kind.types if not isinstance(t, inspect.NoneType)), name, numbers)
        case inspect.ListType():
            return [_value(kind.item_type, name, numbers), _value(kind.item_type, name, numbers)]
        case inspect.DictType():
            return {f"{name}-{next(numbers)}": _value(kind.value_type, name, numbers)}
        case inspect.StrType():
            return f"{name}-구름-{next(numbers)}"
        case inspect.IntType():
            return next(numbers)
        case inspect.FloatType():
            return next(numbers) + 0.5
        case _:
            raise NotImplementedError(f"{name} is a {kind}: say here what a sample of it looks like")


def main() -> None:
    """Write the fixtures that are missing."""
    FIXTURES.mkdir(exist_ok=True)
    for name, kind in codec.KINDS.items():
        path = fixture(name, kind.version)
        if not path.exists():
            path.write_bytes(msgspec.json.format(msgspec.json.encode(document(kind))) + b"\n")
            print(f"wrote {path}")


if __name__ == "__main__":
    main()
