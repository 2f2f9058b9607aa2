"""`ClientResponse.links`: the Link fields of a response as multidicts (RFC 8288)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multidict import MultiDict, MultiDictProxy
from yarl import URL

from wherry_codec.fields import parse_links

if TYPE_CHECKING:
    from collections.abc import Iterable

    Links = MultiDictProxy[MultiDictProxy[str | URL]]


def links_of(values: Iterable[str], base: URL) -> Links:
    """From `rel`, or the target if there is none, to the parameters and the absolute `url`.

    `values` are those of all Link lines, `base` is what relative targets are relative to. A target
    that is no URL is left out with its link.
    """
    links: MultiDict[MultiDictProxy[str | URL]] = MultiDict()
    for link in parse_links(values):
        try:
            url = base.join(URL(link.target))
        except ValueError:
            continue
        parameters: MultiDict[str | URL] = MultiDict(link.parameters)
        relation = link.get("rel") or link.target
        parameters["url"] = url
        links.add(relation, MultiDictProxy(parameters))
    return MultiDictProxy(links)
