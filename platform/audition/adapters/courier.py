"""Carry messages to addresses elsewhere, and to none of our own networks unless the operator says so.

Theory of operation. The name is looked up once, every address that it has is judged, and the connection goes to one
that was judged: a name server that gives another answer a moment later changes nothing. TLS still checks the
certificate against the name. Redirects are not followed, since they would lead where nobody looked; proxies of the
environment are not used, since they would look the name up again. Of an answer the status alone is read.
"""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpx

from audition.domain.errors import DeniedError, UnavailableError

_TIMEOUT = httpx.Timeout(10.0, connect=5.0)
#: Addresses in which others are hidden: translated (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380).
_WRAPPED = tuple(ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class HttpCourier:
    """Implements `Courier`."""

    def __init__(self, allowed: Sequence[Network] = ()) -> None:
        """Reach public addresses, and those of some networks, there also without encryption."""
        self._allowed = tuple(allowed)

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """POST it and return the status of the answer."""
        target = httpx.URL(url)
        address = self._judged(target)
        pinned = target.copy_with(host=str(address))
        named = {**headers, "host": target.netloc.decode("ascii"), "user-agent": "Audition-Webhooks/1"}
        try:
            with (
                httpx.Client(trust_env=False, follow_redirects=False, timeout=_TIMEOUT) as client,
                client.stream(
                    "POST",
                    pinned,
                    content=body,
                    headers=named,
                    extensions={"sni_hostname": target.host},
                ) as answer,
            ):
                return answer.status_code
        except httpx.HTTPError as error:
            msg = f"No answer: {type(error).__name__}."
            raise UnavailableError(msg, code="webhook-unreachable") from error

    def _judged(self, target: httpx.URL) -> Address:
        addresses = _look_up(target)
        own = [address for address in addresses if self._is_allowed(address)]
        if len(own) < len(addresses) and not all(is_public(a) for a in addresses if a not in own):
            msg = f"{target.host} is an address of a private network; nothing is sent there."
            raise DeniedError(
                msg, code="private-address", next_step="Allow its network with AUDITION_WEBHOOK_NETWORKS."
            )
        if target.scheme != "https" and len(own) < len(addresses):
            msg = "Messages go out encrypted only; this address begins with http://."
            raise DeniedError(msg, code="not-encrypted", next_step="Use https://.")
        return addresses[0]

    def _is_allowed(self, address: Address) -> bool:
        return any(address in network for network in self._allowed)


def is_public(address: Address) -> bool:
    """Whether an address is somewhere on the open Internet, and hides no other address."""
    if isinstance(address, IPv6Address) and any(address in network for network in _WRAPPED):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _look_up(target: httpx.URL) -> list[Address]:
    try:
        found = socket.getaddrinfo(
            target.host, target.port or (443 if target.scheme == "https" else 80), type=socket.SOCK_STREAM
        )
        addresses = [ip_address(str(item[4][0]).partition("%")[0]) for item in found]
    except (OSError, ValueError) as error:
        msg = f"{target.host} has no address."
        raise UnavailableError(msg, code="webhook-unreachable") from error
    # A v4 address in v6's clothes is judged as what it is.
    mapped = (a.ipv4_mapped if isinstance(a, IPv6Address) and a.ipv4_mapped else a for a in addresses)
    return list(dict.fromkeys(mapped))
