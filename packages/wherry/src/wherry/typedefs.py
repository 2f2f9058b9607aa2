"""Type aliases for the arguments users pass."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from http.cookies import BaseCookie, Morsel
from typing import TYPE_CHECKING, Any, TypeAlias

from multidict import CIMultiDict, CIMultiDictProxy, MultiDict, MultiDictProxy, istr
from yarl import URL, Query

if TYPE_CHECKING:
    import os

__all__ = [
    "JSONBytesEncoder",
    "JSONDecoder",
    "JSONEncoder",
    "LooseCookies",
    "LooseHeaders",
    "PathLike",
    "Query",
    "RawHeaders",
    "StrOrURL",
]

StrOrURL: TypeAlias = str | URL

LooseHeaders: TypeAlias = (
    Mapping[str, str]
    | Mapping[istr, str]
    | CIMultiDict[str]
    | CIMultiDictProxy[str]
    | MultiDict[str]
    | MultiDictProxy[str]
    | Iterable[tuple[str | istr, str]]
)

LooseCookies: TypeAlias = (
    Mapping[str, "str | Morsel[str]"] | Iterable[tuple[str, "str | Morsel[str]"]] | BaseCookie[str]
)

JSONEncoder: TypeAlias = Callable[[Any], str]
"""Any: what can be encoded is up to the encoder."""

JSONBytesEncoder: TypeAlias = Callable[[Any], bytes]

JSONDecoder: TypeAlias = Callable[[str], Any]

RawHeaders: TypeAlias = tuple[tuple[bytes, bytes], ...]

PathLike: TypeAlias = "str | os.PathLike[str]"

RaiseForStatus: TypeAlias = "bool | Callable[[Any], Awaitable[None]]"

SkipAutoHeaders: TypeAlias = Iterable[str]

ProtocolNames: TypeAlias = Sequence[str]
