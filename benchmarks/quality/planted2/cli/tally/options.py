"""A small model of the options, after the manner of pydantic."""

import warnings


class Model:
    def __init__(self, **values):
        for name, kind in self.__annotations__.items():
            value = values.pop(name, getattr(type(self), name, None))
            if value is not None and not isinstance(value, kind):
                raise TypeError(f"{name}: {value!r} is no {kind.__name__}")
            setattr(self, name, value)
        if values:
            raise TypeError(f"unknown: {', '.join(sorted(values))}")

    def model_dump(self):
        return {name: getattr(self, name) for name in self.__annotations__}

    def dict(self):
        warnings.warn(
            "The `dict` method is deprecated; use `model_dump` instead.", DeprecationWarning, stacklevel=2
        )
        return self.model_dump()


class Options(Model):
    top: int = 10
    lower: bool = True
    encoding: str = "utf-8"
