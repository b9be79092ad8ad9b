"""Labels in long form: `units` (whole numbers from 0) and `values`, one entry a label."""

import numpy as np
import numpy.typing as npt

from annotation.stats.estimate import Floats, Ints

# Nominal agreement counts every category in every unit.
MAX_CATEGORIES = 256


def labels_of(matrix: npt.ArrayLike) -> tuple[Ints, Floats]:
    """Long form (units, values) of a raters x units matrix with NaN for missing."""
    by_unit = np.asarray(matrix, dtype=np.float64).T
    seen = ~np.isnan(by_unit)
    return np.nonzero(seen)[0].astype(np.int64), by_unit[seen]


def within_units(units: Ints) -> tuple[Ints, Ints]:
    """Every two places with the same unit, as two index arrays of equal length."""
    order = np.argsort(units, kind="stable")
    ordered, lefts, rights = units[order], [order[:0]], [order[:0]]
    for lag in range(1, len(order)):
        same = np.flatnonzero(ordered[lag:] == ordered[:-lag])
        if len(same) == 0:
            break
        lefts.append(order[same])
        rights.append(order[same + lag])
    return np.concatenate(lefts), np.concatenate(rights)


def pairable(units: Ints, values: Floats) -> tuple[Ints, Floats]:
    """Labels of units with at least two labels."""
    if units.shape != values.shape or units.ndim != 1:
        raise ValueError(f"{units.shape} units for {values.shape} values")
    if np.isnan(values).any():
        raise ValueError("a value is NaN: in long form a missing label is left out")
    paired = (np.bincount(units) > 1)[units] if len(units) else np.zeros(0, dtype=bool)
    return (units, values) if paired.all() else (units[paired], values[paired])


def codes_of(values: Floats) -> tuple[Floats, Ints]:
    """Distinct values in ascending order, and for each label the place of its value among them."""
    low, high = values.min(), values.max()
    if high - low < MAX_CATEGORIES and np.all(values == np.floor(values)):  # a bincount instead of a sort
        whole = (values - low).astype(np.int64)
        used = np.bincount(whole) > 0
        return np.flatnonzero(used) + low, (np.cumsum(used) - 1)[whole]
    levels, codes = np.unique(values, return_inverse=True)
    return levels, codes.astype(np.int64)


def value_table(units: Ints, values: Floats) -> Floats:
    """How often each unit got each value (units x categories)."""
    if len(values) == 0:
        return np.zeros((0, 1))
    levels, codes = codes_of(values)
    size = len(levels)
    if size > MAX_CATEGORIES:
        raise ValueError(f"{size} categories: nominal agreement is for at most {MAX_CATEGORIES}")
    rows = int(units.max()) + 1
    return np.bincount(units * size + codes, minlength=rows * size).reshape(rows, size).astype(np.float64)


def midranks(values: Floats) -> Floats:
    """The ordinal metric is the interval metric on midranks: n_c / 2 + everything between + n_k / 2."""
    levels, codes = codes_of(values)
    counts = np.bincount(codes, minlength=len(levels))
    return np.asarray((np.cumsum(counts) - counts / 2)[codes], dtype=np.float64)
