"""The parameter classes: sixteen, and five additions."""

from __future__ import annotations

import dataclasses
import typing

import pytest
from multidict import CIMultiDict, MultiMapping
from yarl import URL

import wherry_tracing
from wherry_tracing import ResponseShape, TraceDnsCacheHitParams, TraceRequestChunkSentParams

FIELDS = """
RequestStart: method url headers
RequestChunkSent: method url chunk
ResponseChunkReceived: method url chunk
RequestEnd: method url headers response
RequestException: method url headers exception
RequestRedirect: method url headers response
RequestHeadersSent: method url headers
ConnectionQueuedStart:
ConnectionQueuedEnd:
ConnectionCreateStart:
ConnectionCreateEnd:
ConnectionReuseconn:
DnsResolveHostStart: host
DnsResolveHostEnd: host
DnsCacheHit: host
DnsCacheMiss: host
TlsHandshakeStart: host
TlsHandshakeEnd: host
InformationalReceived: method url status reason headers
BytesWritten: method url total
BytesRead: method url total
"""
CASES = {
    f"Trace{name}Params": fields.split()
    for name, _, fields in (line.partition(":") for line in FIELDS.strip().splitlines())
}
TYPES: dict[str, object] = {
    "method": str,
    "url": URL,
    "headers": CIMultiDict[str],
    "chunk": bytes,
    "host": str,
    "response": ResponseShape,
    "exception": BaseException,
    "status": int,
    "reason": str,
    "total": int,
}


def test_there_is_a_class_for_each_signal() -> None:
    """S-334."""
    exported = {n for n in wherry_tracing.__all__ if n.endswith("Params")}

    assert exported == set(CASES)
    assert len(exported) == 16 + 5


@pytest.mark.parametrize(("name", "fields"), CASES.items())
def test_each_class_has_its_fields_in_order(name: str, fields: list[str]) -> None:
    """S-334: names, order, types."""
    params_class = getattr(wherry_tracing, name)

    assert [f.name for f in dataclasses.fields(params_class)] == fields
    # A 1xx response's fields are only read; those of a request may be changed.
    own = {"headers": MultiMapping[str]} if "Informational" in name else {}
    assert typing.get_type_hints(params_class) == {f: {**TYPES, **own}[f] for f in fields}


@pytest.mark.parametrize(("name", "fields"), CASES.items())
def test_each_class_is_frozen_slotted_and_compares_by_value(name: str, fields: list[str]) -> None:
    """S-017."""
    params_class = getattr(wherry_tracing, name)
    one = params_class(*fields)

    assert one == params_class(*fields)
    assert hash(one) == hash(params_class(*fields))
    assert not hasattr(one, "__dict__")
    for field in fields:
        with pytest.raises(AttributeError):
            setattr(one, field, "other")


def test_a_copy_with_changes_can_be_made() -> None:
    """S-017."""
    params = TraceRequestChunkSentParams("GET", URL("http://h/"), b"x")

    changed = dataclasses.replace(params, chunk=b"y")

    assert changed == TraceRequestChunkSentParams("GET", URL("http://h/"), b"y")


def test_different_values_are_different() -> None:
    """S-017."""
    assert TraceDnsCacheHitParams("a") != TraceDnsCacheHitParams("b")
