"""Puts something around a method of the emulator, once however often it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Concatenate, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    Around = Callable[Concatenate[Callable[..., Any], Any, ...], Any]

_MARK: Final = "rehearsed"


def wrap(owner: Any, name: str, around: Around) -> None:
    """Puts a function around a method of a class.

    Args:
        owner: The class.
        name: Of the method; one that the class has not is added, and gets an original that raises NotImplementedError.
        around: Takes the original, the object, and what the method is given.
    """
    original = getattr(owner, name, None)
    if getattr(original, _MARK, False):
        return

    def missing(*_given: Any, **_named: Any) -> Any:
        raise NotImplementedError(name)

    def method(self: Any, *given: Any, **named: Any) -> Any:
        return around(original or missing, self, *given, **named)

    setattr(method, _MARK, True)
    setattr(owner, name, method)
