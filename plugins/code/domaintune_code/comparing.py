"""When two results count as equal: the rule of EvalPlus, written so that its source can stand in a test program."""

from __future__ import annotations

import inspect


def same(said: object, wanted: object, atol: float) -> bool:
    """Tell whether a result is the wanted one: equal, or floats, alone or in lists, that differ by at most `atol`.

    An `atol` of 0 means exactly equal, but 1e-6 where the wanted result is made of floats.
    """

    def is_floats(value: object) -> bool:
        if isinstance(value, (list, tuple)):
            return bool(value) and all(isinstance(one, float) for one in value)
        return isinstance(value, float)

    def near(a: object, b: object) -> bool:
        if isinstance(b, (list, tuple)):
            return isinstance(a, (list, tuple)) and len(a) == len(b) and all(map(near, a, b))
        if isinstance(a, (int, float)) and isinstance(b, (int, float)):
            return a == b or (a != a and b != b) or abs(a - b) <= atol + 1e-7 * abs(b)
        return a == b

    if said == wanted:
        return True
    atol = atol or (1e-6 if is_floats(wanted) else 0)
    return bool(atol) and type(said) is type(wanted) and near(said, wanted)


SAME = inspect.getsource(same)
