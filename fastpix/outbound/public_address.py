"""Which IP addresses are public: the only ones to which we connect on somebody else's behalf."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable

from fastpix import hostnames
from fastpix.errors import Refused

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[IPAddress]]

# Public by Python's table, yet no hosts of the internet: protocol assignments (RFC 6890), relays of 6to4 (RFC 7526).
NOT_HOSTS = [ipaddress.ip_network(text) for text in ("192.0.0.0/24", "192.88.99.0/24")]
# All unicast addresses that were ever given out (RFC 4291, section 2.4).
UNICAST6 = ipaddress.ip_network("2000::/3")
# Of these: protocol assignments with Teredo's tunnel (RFC 2928, 4380), 6to4's tunnel (RFC 3056), documentation (RFC 9637).
NOT_HOSTS6 = [ipaddress.ip_network(text) for text in ("2001::/23", "2002::/16", "3fff::/20")]
# Networks that only speak IPv6 reach IPv4 through this prefix (RFC 6052); the address behind it decides.
NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: IPAddress) -> bool:
    """Whether `address` is a host of the internet: not of this machine, of a private network, multicast or reserved.

    What stands in no table of public addresses is not public. The tables are IANA's special-purpose registries:
    https://www.iana.org/assignments/iana-ipv4-special-registry and .../iana-ipv6-special-registry.
    """
    if isinstance(address, ipaddress.IPv4Address):
        return (
            address.is_global
            and not address.is_multicast
            and not address.is_reserved
            and not any(address in network for network in NOT_HOSTS)
        )
    if address.ipv4_mapped:
        return is_public(address.ipv4_mapped)
    if address in NAT64:
        return is_public(ipaddress.IPv4Address(address.packed[-4:]))
    return address in UNICAST6 and address.is_global and not any(address in network for network in NOT_HOSTS6)


def resolve(host: str, port: int) -> list[IPAddress]:
    """All addresses of a host, which may be written as an address itself, in the order to try them.

    Raises OSError when the host has none, UnicodeError for what is no name. How long that takes is the system's to say (resolv.conf).
    """
    found = socket.getaddrinfo(hostnames.in_ascii(host), port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    # A link-local address may carry its interface, fe80::1%eth0, which is no part of the address.
    texts = [str(sockaddr[0]).partition("%")[0] for _, _, _, _, sockaddr in found]
    return [ipaddress.ip_address(text) for text in dict.fromkeys(texts)]


def written(host: str, port: int) -> list[IPAddress]:
    """The address that a host is written as, in any way that the system reads one; none for a name. Asks nobody.

    Localhost is one, whatever a name server says of it (RFC 6761).
    """
    host = hostnames.same_in_ascii(host)  # full-width digits are digits
    name = host.rstrip(".")
    is_here = name == "localhost" or name.endswith(".localhost")
    host = "127.0.0.1" if is_here else host.partition("%")[0]  # a link-local one may carry its interface
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return []
    return [ipaddress.ip_address(sockaddr[0]) for _, _, _, _, sockaddr in found]


def find(host: str, port: int, *, allow_private: bool, resolve: Resolve = resolve) -> list[IPAddress]:
    """The addresses of a host, all of them checked: connect to one of these, and never ask for the name again.

    A name may answer differently each time it is asked (DNS rebinding), so only what was checked counts. Raises
    Refused when one of them is not public, unless `allow_private`; OSError when the name leads nowhere.
    """
    found = resolve(host, port)
    if not allow_private and not all(is_public(address) for address in found):
        raise Refused(f"{host} is not on the public internet. Give an address that everybody can reach.")
    return found
