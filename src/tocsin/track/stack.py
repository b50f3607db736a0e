"""Small arrays of a kernel's own, on its stack: one from the heap costs more than its use.

An array lives until the kernel that asked for it returns, so it may be handed down but never given
back or kept. Its size is a constant; asked for in a loop it is the same array each time, and it is
not cleared.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array


def _array(context: Any, builder: Any, array: Any, shape: tuple[int, ...]) -> Any:
    """Room for `shape` in the kernel's frame as an array that nobody counts references to."""
    count = int(np.prod(shape))
    room = cgutils.alloca_once(builder, ir.ArrayType(ir.DoubleType(), count))
    sizes = [context.get_constant(types.intp, size) for size in shape]
    steps = [
        context.get_constant(types.intp, 8 * int(np.prod(shape[k + 1 :])))
        for k in range(len(shape))
    ]
    made = make_array(array)(context, builder)
    populate_array(
        made,
        data=builder.bitcast(room, ir.DoubleType().as_pointer()),
        shape=cgutils.pack_array(builder, sizes),
        strides=cgutils.pack_array(builder, steps),
        itemsize=context.get_constant(types.intp, 8),
        meminfo=None,
    )
    return made._getvalue()


def _size(kind: Any) -> int:
    if not isinstance(kind, types.IntegerLiteral):
        raise TypingError("the size of an array on the stack is a constant")
    return int(kind.literal_value)


@intrinsic(prefer_literal=True)
def vector(typing: Any, size: Any) -> Any:
    """An array of `size` floats."""
    array = types.Array(types.float64, 1, "C")
    shape = (_size(size),)

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _array(context, builder, array, shape)

    return array(size), write


@intrinsic(prefer_literal=True)
def matrix(typing: Any, rows: Any, columns: Any) -> Any:
    """An array of floats, `rows` by `columns`."""
    array = types.Array(types.float64, 2, "C")
    shape = (_size(rows), _size(columns))

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _array(context, builder, array, shape)

    return array(rows, columns), write
