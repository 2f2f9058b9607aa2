"""`--as-curl`: the request that would be sent, as a curl command.

Decides which options of curl stand for options of this command; the request itself is turned into
text by `wherry_tracing.curl`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import wherry
from wherry_errors import masked_url
from wherry_tracing.curl import FormFile, FormText, RequestFacts, to_curl

from ._connecting import Connecting
from ._request_options import Content, FileField, Form, RequestPlan, TextField


class Captured(Exception):  # noqa: N818 - nothing went wrong
    """Ends a call before anything is connected; `request` is what would have been sent."""

    def __init__(self, request: wherry.ClientRequest) -> None:
        super().__init__(request)
        self.request = request


async def capture(request: wherry.ClientRequest, handler: wherry.Handler) -> wherry.ClientResponse:
    """A middleware that sends nothing."""
    raise Captured(request)


def curl_command(
    request: wherry.ClientRequest,
    plan: RequestPlan,
    connecting: Connecting,
    *,
    output: Path | None = None,
    shows_secrets: bool = False,
) -> str:
    """The command for `request`, which was made for `plan`."""
    facts = RequestFacts(
        request.method, request.original_url, tuple(request.headers.items()), _body(plan)
    )
    options = [*_options(plan, connecting, shows_secrets)]
    if "Accept-Encoding" in request.headers:
        options.append(["--compressed"])
    if output is not None:
        options.append(["-o", str(output)])
    return to_curl(facts, shows_secrets=shows_secrets, options=options)


def _body(plan: RequestPlan) -> bytes | tuple[FormText | FormFile, ...]:
    match plan.body:
        case Content(data):
            return data
        case Form(fields):
            return tuple(map(_form_field, fields))
        case None:
            return b""


def _form_field(field: TextField | FileField) -> FormText | FormFile:
    if isinstance(field, TextField):
        return FormText(field.name, field.value)
    return FormFile(field.name, str(field.path), field.content_type, field.filename)


def _options(
    plan: RequestPlan, connecting: Connecting, shows_secrets: bool
) -> Iterator[Sequence[str]]:
    if plan.follows_redirects:
        yield ["--location"]
    if plan.max_time is not None:
        yield ["--max-time", f"{plan.max_time:g}"]
    if connecting.proxy is not None:
        yield ["--proxy", connecting.proxy if shows_secrets else masked_url(connecting.proxy)]
    for override in connecting.overrides:
        yield ["--resolve", f"{override.host}:{override.port}:{','.join(override.addresses)}"]
    for name, path in (
        ("--cacert", connecting.authorities),
        ("--cert", connecting.certificate),
        ("--key", connecting.private_key),
    ):
        if path is not None:
            yield [name, str(path)]
    if not connecting.verifies_tls:
        yield ["--insecure"]
