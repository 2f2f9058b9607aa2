"""From what the caller calls data to a payload (S-386…S-392)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wherry_multipart import FormData
from wherry_payload import JsonBytesPayload, JsonPayload, get_payload
from wherry_payload import LookupError as NoPayloadError

if TYPE_CHECKING:
    from .protocols import PayloadProtocol
    from .typedefs import JSONBytesEncoder, JSONEncoder


def as_payload(data: object, content_type: str | None = None) -> PayloadProtocol | None:
    """The payload for `data`: a registered type, a form, or None for None.

    `content_type` is the caller's; text is encoded in its charset if Python knows it (S-388).
    Raises `TypeError` for what is neither payload nor form.
    """
    if data is None:
        return None
    if isinstance(data, FormData):
        form: PayloadProtocol = data()
        return form
    options = {"content_type": content_type} if content_type and isinstance(data, str) else {}
    try:
        payload: PayloadProtocol = get_payload(data, disposition=None, **options)
    except NoPayloadError:
        try:
            payload = FormData(data)()
        except TypeError as error:
            raise TypeError(
                "data must be bytes, str, a file, a form (dict, list of pairs, FormData), an async "
                f"iterable or a registered payload type, got {type(data).__name__}: {error}"
            ) from error
    return payload


def as_json_payload(
    value: Any,  # whatever the encoder takes
    encode: JSONEncoder,
    encode_bytes: JSONBytesEncoder | None,
) -> PayloadProtocol:
    """The payload for `json=value`."""
    if encode_bytes is not None:
        return JsonBytesPayload(value, dumps=encode_bytes)
    return JsonPayload(value, dumps=encode)
