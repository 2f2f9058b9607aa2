"""Must type-check: handlers as users write them. Read by mypy, never run."""

from types import SimpleNamespace
from typing import assert_type

from multidict import CIMultiDict, MultiMapping
from yarl import URL

from wherry_tracing import (
    Signal,
    TraceConfig,
    TraceRequestEndParams,
    TraceRequestStartParams,
)


class Session:
    """Stands for the session class of a package above."""


async def on_start(
    session: Session, context: SimpleNamespace, params: TraceRequestStartParams
) -> None:
    assert_type(params.headers, CIMultiDict[str])
    assert_type(params.url, URL)


async def on_end(session: Session, context: dict[str, int], params: TraceRequestEndParams) -> None:
    assert_type(params.response.status, int)
    assert_type(params.response.headers, MultiMapping[str])


config = TraceConfig(dict)
config.on_request_start.append(on_start)
config.on_request_end.append(on_end)
config.on_request_end.append(on_start)  # type: ignore[arg-type]  # parameters of another signal
assert_type(config.on_request_end, Signal[TraceRequestEndParams])
