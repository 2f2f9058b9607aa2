"""Digest authentication (RFC 7616) as a middleware: answers the challenges of one server or proxy.

Decides when a request is sent again. What a challenge is answered with, and where, is decided in
`_digest`.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from wherry_errors import ClientError, ClientPayloadError, masked_url

from ._digest import (
    Credentials,
    ProtectionSpaces,
    authorization,
    choose_challenge,
    choose_qop,
    next_nonce,
)

if TYPE_CHECKING:
    from yarl import URL

    from ._digest import DigestChallenge, HashObject, ProtectionSpace
    from ._middleware import Handler
    from ._request import ClientRequest
    from ._response import ClientResponse

HASHED_IN_LOOP = 256 * 1024
"""Bytes that are hashed in the event loop, in about a millisecond; more go to a thread."""


class _Side(NamedTuple):
    """Who asks for credentials, and in which fields (RFC 9110 §11.6, §11.7)."""

    status: int
    challenge_field: str
    credentials_field: str
    info_field: str


_SERVER = _Side(401, "WWW-Authenticate", "Authorization", "Authentication-Info")
_PROXY = _Side(407, "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Authentication-Info")


class DigestAuthMiddleware:
    """Answers the Digest challenges of one origin: `ClientSession(middlewares=[…])`.

    The origin is that of the first request that comes by; requests to others pass untouched, unless
    that origin has named them in the `domain` of a challenge. A 401 is released and the request
    sent once more; a second 401 is the caller's. With `preemptive`, later requests inside the
    protection space carry an answer at once, and a nonce that has expired costs one more request.

    Of several challenges the one with the strongest algorithm is answered: SHA-512-256, SHA-512,
    SHA-256, SHA, MD5, each also with `-sess`. The qop is `auth-int` where it is offered and the
    body is in memory, or where nothing else is offered; then a file is read twice. A server's
    `nextnonce` is used. Its `rspauth` is not checked: it protects nobody, as a forger leaves it
    out; TLS tells who answers.

    An Authorization field of another scheme goes out as it is, until a challenge is answered.

    `ValueError` if a part is None or has lone surrogates, or if there is a colon in `login`.
    Requests raise `ClientError` for a challenge that cannot be answered and `ClientPayloadError`
    for a body that cannot be sent again. One instance may serve many requests at once.
    """

    _side = _SERVER

    def __init__(self, login: str, password: str, preemptive: bool = True) -> None:
        self._credentials = Credentials(login, password)
        self._preemptive = preemptive
        self._spaces = ProtectionSpaces()

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(login={self._credentials.login!r}, password='***', "
            f"preemptive={self._preemptive})"
        )

    async def __call__(self, request: ClientRequest, handler: Handler) -> ClientResponse:
        """The response to `request`, after at most two requests (S-478)."""
        asker = self._asker(request)
        if asker is None:
            return await handler(request)
        self._spaces.settle(asker)
        if not self._spaces.admits(asker):
            return await handler(request)
        space = self._space_to_answer_unasked(request, asker)
        if space is None:
            used, response = None, await handler(request)
        else:
            used = space.challenge
            response = await self._send(request, handler, space, used)
        challenge = self._challenge_of(response, used)
        if challenge is None:
            return response
        response.release()  # a second request may need its connection (B-28)
        space = self._spaces.learn(challenge, asker)
        self._check_replayable(request)
        response = await self._send(request, handler, space, challenge)
        if response.status == self._side.status:
            self._spaces.forget(space, challenge)
        return response

    def _asker(self, request: ClientRequest) -> URL | None:
        """The URL of whoever may ask for the credentials, None if nobody may."""
        return request.url

    def _space_to_answer_unasked(
        self, request: ClientRequest, asker: URL
    ) -> ProtectionSpace | None:
        name = self._side.credentials_field
        given = request.headers.get(name)
        if given is not None:
            if not given.lower().startswith("digest "):
                return None
            # Ours, of an attempt that failed: its nonce count must not come twice.
            request.headers.popall(name)
        return self._spaces.covering(asker) if self._preemptive else None

    def _challenge_of(
        self, response: ClientResponse, used: DigestChallenge | None
    ) -> DigestChallenge | None:
        """What to answer now; None if `response` is the one for the caller.

        That is so for a challenge that was just answered, too: the credentials are wrong.
        """
        side = self._side
        if response.status != side.status:
            return None
        try:
            challenge = choose_challenge(response.headers.getall(side.challenge_field, ()))
        except ClientError:
            response.release()  # the caller will not get it
            raise
        if challenge is None or (challenge == used and not challenge.is_stale):
            return None
        return challenge

    def _check_replayable(self, request: ClientRequest) -> None:
        if request.payload is not None and not request.payload.replayable:
            raise ClientPayloadError(
                f"the answer to {request.method} {masked_url(request.url)} was "
                f"{self._side.status}, and its body cannot be sent again with credentials; pass "
                "bytes or a seekable file, or make a request without a body before"
            )

    async def _send(
        self,
        request: ClientRequest,
        handler: Handler,
        space: ProtectionSpace,
        challenge: DigestChallenge,
    ) -> ClientResponse:
        """The response to `request` with an answer to `challenge`."""
        body = request.payload
        in_memory = b"" if body is None else body.in_memory
        qop = choose_qop(challenge, can_hash_content=in_memory is not None)
        content_hash = ""
        if qop == "auth-int":
            content_hash = await _hash_content(request, challenge)
        # From here on without an await, so that nonce counts go out in their order.
        request.headers[self._side.credentials_field] = authorization(
            challenge,
            self._credentials,
            space.take(challenge, secrets.token_hex(8)),
            method=request.method,
            uri=request.target.request_target,
            qop=qop,
            content_hash=content_hash,
        )
        response = await handler(request)
        if response.status != self._side.status:
            nonce = next_nonce(response.headers.getall(self._side.info_field, ()))
            if nonce:
                space.follow(challenge, nonce)
        return response


class ProxyDigestAuthMiddleware(DigestAuthMiddleware):
    """Answers the Digest challenges (407) of one HTTP proxy, that of the first proxied request.

    For `http` targets only. The request that opens a tunnel for an `https` target is not one that
    middlewares see; the connector sends basic credentials with it, or none. Give the proxy's URL
    without user info: it would be sent as basic credentials, readable by anyone.

    The protection space is the whole proxy; `domain` means nothing here (RFC 7616 §3.3). All else
    is as with `DigestAuthMiddleware`, and both may be used together.
    """

    _side = _PROXY

    def _asker(self, request: ClientRequest) -> URL | None:
        proxy = request.target.key.proxy
        # Behind a tunnel or a SOCKS proxy the one who reads the field, or sends a 407, is the
        # origin, which must not see what is meant for the proxy (SEC-26).
        if proxy is None or proxy.scheme not in ("http", "https"):
            return None
        is_seen_by_proxy = not request.is_ssl() and request.target.request_target[:1] != "/"
        return proxy.origin() if is_seen_by_proxy else None

    def _challenge_of(
        self, response: ClientResponse, used: DigestChallenge | None
    ) -> DigestChallenge | None:
        challenge = super()._challenge_of(response, used)
        return None if challenge is None else replace(challenge, domain="")


class _HashSink:
    """Where a body is written to be hashed."""

    def __init__(self, made: HashObject) -> None:
        self._hash = made

    async def write(self, data: bytes | bytearray | memoryview, /) -> None:
        """Take more of the body."""
        if len(data) > HASHED_IN_LOOP:
            await asyncio.to_thread(self._hash.update, data)
        else:
            self._hash.update(data)


async def _hash_content(request: ClientRequest, challenge: DigestChallenge) -> str:
    """The hash of the content for `auth-int`, however large it is: it is not collected."""
    made = challenge.new_hash()
    body = request.payload
    if body is not None:
        if body.in_memory is None and not body.replayable:
            raise ClientError(
                f"{masked_url(request.url)} takes only Digest answers that contain a hash of the "
                "body (qop auth-int), and the body of this request can be read only once; pass "
                "bytes or a seekable file"
            )
        await body.write(_HashSink(made))
    return made.hexdigest()
