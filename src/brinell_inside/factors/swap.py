"""Builtin functions given another body, for everybody who already holds them. PYTEST_DONT_REWRITE.

``from time import time`` copies a reference, so replacing ``time.time`` would miss it. What all copies share is the C
record behind the function (``PyMethodDef``); its function pointer is what time-machine changes too, and as there,
a pointer that somebody else puts in later gets ours back for "the original".

Functions of the module ``time``: the new pointer is an operator of the C API (``PyNumber_Add`` and so on), the module's
class is a subclass that defines the operator. That way exceptions travel as they always do and no machine code is
made at run time. Classmethods of ``datetime``: a ctypes callback, from which no exception can leave (SystemError).
"""

import atexit
import contextlib
import ctypes
import types

_NOARGS, _ONE, _VARARGS, _FAST = 0x04, 0x08, 0x01, 0x80 | 0x02
_SHAPE = 0x8F  # bits of ml_flags that say how the function is called
_HEAD = object.__basicsize__  # of every Python object: PyCFunctionObject's first own member, m_ml, comes right after it
_UNARY = ("pos", "neg", "invert")
_NAMES = {
    "pos": "Positive", "neg": "Negative", "invert": "Invert", "add": "Add", "sub": "Subtract", "and": "And", "or": "Or",
    "xor": "Xor", "lshift": "Lshift", "rshift": "Rshift", "matmul": "MatrixMultiply", "floordiv": "FloorDivide",
    "truediv": "TrueDivide", "mod": "Remainder",
}  # fmt: skip


class _MethodDef(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p), ("body", ctypes.c_void_p), ("flags", ctypes.c_int), ("doc", ctypes.c_char_p),
    )  # fmt: skip


_kept = []  # callbacks must live as long as the interpreter may call them
_originals = {}  # address of a record -> body it had


def _record(function):
    address = ctypes.c_void_p.from_address(id(function) + _HEAD).value
    record = _MethodDef.from_address(address)
    if record.name != function.__name__.encode():
        raise RuntimeError("%s is not laid out as CPython does it" % function.__name__)
    return record


def _point(record, body):
    if not _originals:
        atexit.register(put_back)
    _originals.setdefault(ctypes.addressof(record), record.body)
    record.body = body


def copy_of(function):
    """A builtin that does what ``function`` does today, whatever becomes of ``function``."""
    record = _MethodDef.from_buffer_copy(_record(function))
    _kept.append(record)
    make = ctypes.pythonapi.PyCFunction_NewEx
    make.restype, make.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)
    return make(ctypes.addressof(record), function.__self__, None)


def put_back():
    """Give every function its own body again."""
    for address, body in _originals.items():
        _MethodDef.from_address(address).body = body
    _originals.clear()


def module_functions(module, bodies):
    """Give functions of ``module`` (a plain module) new bodies: ``{name: callable with the same arguments}``.

    All or none. Raises RuntimeError where this interpreter's functions have another shape than expected.
    """
    if not issubclass(type(module), types.ModuleType):
        raise RuntimeError("%s is no plain module" % module.__name__)  # noqa: TRY004 - one kind for all
    taken = set(dir(type(module)))
    free = [name for name in _NAMES if "__%s__" % name not in taken]
    members, plan = {"__reduce__": _by_name}, []
    for name, body in bodies.items():
        record = _record(getattr(module, name))
        shape = record.flags & _SHAPE
        if shape not in (_NOARGS, _ONE, _VARARGS):
            raise RuntimeError("%s.%s takes its arguments in a way not known here" % (module.__name__, name))
        operator = next(name for name in free if (name in _UNARY) == (shape == _NOARGS))
        free.remove(operator)
        members["__%s__" % operator] = _member(body, shape)
        function = getattr(ctypes.pythonapi, "PyNumber_" + _NAMES[operator])
        plan.append((record, ctypes.cast(function, ctypes.c_void_p).value))
    module.__class__ = type("module", (type(module),), dict(members, __module__="builtins"))
    for record, pointer in plan:
        _point(record, pointer)


def _by_name(module):
    return __import__, (module.__name__,)  # pickling by value of functions that use the module looks at its exact class


def _member(body, shape):
    if shape == _NOARGS:
        return lambda _: body()
    if shape == _ONE:
        return lambda _, argument: body(argument)
    return lambda _, arguments: body(*arguments)


def class_method(owner, name, body):
    """Give the classmethod ``owner.name`` the body ``body(cls, *args, **kwargs)``; raises RuntimeError as above."""
    record = _record(getattr(owner, name))
    shape = record.flags & _SHAPE
    if shape == _NOARGS:
        kind = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)

        def call(cls, _):
            return _handed_over(lambda: body(cls))
    elif shape == _FAST:
        kind = ctypes.PYFUNCTYPE(
            ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_void_p
        )  # fmt: skip

        def call(cls, values, count, names):
            return _handed_over(lambda: _with_arguments(body, cls, values, count, names))
    else:
        raise RuntimeError("%s.%s takes its arguments in a way not known here" % (owner.__name__, name))
    callback = kind(call)
    _kept.append(callback)
    _point(record, ctypes.cast(callback, ctypes.c_void_p).value)


def _with_arguments(body, cls, values, count, names):
    names = ctypes.cast(names, ctypes.py_object).value if names else ()
    count &= (1 << (8 * ctypes.sizeof(ctypes.c_size_t) - 1)) - 1  # the top bit is PY_VECTORCALL_ARGUMENTS_OFFSET
    pointers = ctypes.cast(values, ctypes.POINTER(ctypes.py_object)) if values else ()
    given = [pointers[index] for index in range(count + len(names))]
    return body(cls, *given[:count], **dict(zip(names, given[count:])))  # noqa: B905 - from 3.10 on


def _handed_over(answer):
    """Address of a new reference to what ``answer()`` returns; 0 (SystemError in the caller) if that raises."""
    with contextlib.suppress(BaseException):
        value = answer()
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(value))
        return id(value)
    return None
