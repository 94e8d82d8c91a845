"""Which addresses and ports may be dialled, and the proof that the guard is there (C06-C12)."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from fetch_servers import fetcher

from aggregator.errors import GuardError
from aggregator.fetch import transport
from aggregator.fetch.faults import Fault
from aggregator.fetch.guard import Policy, check_target, choose_addresses
from aggregator.fetch.httpx_api import build_get, open_client
from aggregator.fetch.limits import MAX_ADDRESSES, Phases
from aggregator.fetch.resolve import Resolver, look_up
from aggregator.fetch.selftest import prove_guard
from aggregator.fetch.targets import Target, parse_target
from aggregator.fetch.transport import GuardedTransport
from aggregator.model import FetchRequest, Outcome

STRICT = Policy()
LOCAL = Policy(allow_private=(ip_network("127.0.0.0/8"),))
OPEN_PORT = Policy(allow_ports=frozenset({8443}))


@pytest.mark.parametrize(
    ("url", "policy", "answers"),
    [
        ("http://a.test/", STRICT, ("8.8.8.8", "2606:4700::1111")),
        ("https://a.test/", STRICT, ("8.8.8.8",)),
        ("http://a.test:443/", STRICT, ("8.8.8.8",)),
        ("https://a.test:8443/", OPEN_PORT, ("8.8.8.8",)),
        ("http://a.test:9/", LOCAL, ("127.0.0.1",)),
        ("http://a.test/", LOCAL, ("8.8.8.8", "127.0.0.1")),
    ],
)
def test_allowed_targets(url: str, policy: Policy, answers: tuple[str, ...]) -> None:
    """Public addresses on public ports, allowed ones on any."""
    target = parse_target(url)

    check_target(target, policy)
    chosen = choose_addresses(target, answers, policy)

    assert chosen == answers


@pytest.mark.parametrize(
    ("url", "policy", "answers", "outcome"),
    [
        ("http://a.test/", STRICT, (), Outcome.DNS),
        ("http://a.test/", STRICT, ("127.0.0.1",), Outcome.BLOCKED_ADDRESS),
        ("http://a.test/", STRICT, ("8.8.8.8", "10.0.0.1"), Outcome.BLOCKED_ADDRESS),
        ("http://a.test/", STRICT, ("10.0.0.1", "8.8.8.8"), Outcome.BLOCKED_ADDRESS),
        ("http://a.test/", STRICT, ("junk",), Outcome.BLOCKED_ADDRESS),
        ("http://a.test/", LOCAL, ("10.0.0.1",), Outcome.BLOCKED_ADDRESS),
        ("http://a.test/", LOCAL, ("::ffff:127.0.0.1",), Outcome.BLOCKED_ADDRESS),
        ("http://a.test:9/", LOCAL, ("8.8.8.8",), Outcome.BLOCKED_URL),
        ("http://a.test:9/", LOCAL, ("127.0.0.1", "8.8.8.8"), Outcome.BLOCKED_URL),
        ("http://a.test:9/", OPEN_PORT, ("8.8.8.8",), Outcome.BLOCKED_URL),
    ],
)
def test_blocked_targets(
    url: str, policy: Policy, answers: tuple[str, ...], outcome: Outcome
) -> None:
    """One bad answer refuses all of them; a port needs every address to be allowed."""
    target = parse_target(url)

    with pytest.raises(Fault) as caught:
        choose_addresses(target, answers, policy)

    assert caught.value.outcome is outcome


@pytest.mark.parametrize("port", [22, 25, 6379])
def test_c08_ports_are_refused_without_a_lookup(port: int) -> None:
    """Where no address could make the port right, none is asked for."""
    target = parse_target(f"http://a.test:{port}/")

    with pytest.raises(Fault) as caught:
        check_target(target, STRICT)

    assert caught.value.outcome is Outcome.BLOCKED_URL


def test_only_the_first_few_addresses_are_chosen() -> None:
    """All are checked, four are dialled."""
    answers = tuple(f"8.8.8.{number}" for number in range(9))

    chosen = choose_addresses(parse_target("http://a.test/"), answers, STRICT)

    assert chosen == answers[:MAX_ADDRESSES]


@pytest.mark.parametrize("allow", ["127.0.0.0/8", "0.0.0.0/0", "10.0.0.0/8"])
async def test_c11_the_guard_proves_itself(allow: str) -> None:
    """Whatever the operator allows, the test is made without it."""
    async with fetcher(allow_private=(ip_network(allow),)) as client:
        await client.prove_guard()


@pytest.mark.parametrize("allow", ["0.0.0.0/0", "10.0.0.0/8"])
async def test_c11_a_guard_taken_out_of_the_path(
    allow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transport that dials whatever it is given does not get past the start."""

    def unchecked(target: Target, answers: tuple[str, ...], policy: Policy) -> tuple[str, ...]:
        return answers

    monkeypatch.setattr(transport, "choose_addresses", unchecked)

    async with fetcher(allow_private=(ip_network(allow),)) as client:
        with pytest.raises(GuardError) as caught:
            await client.prove_guard()

    assert caught.value.exit_status == 70


async def test_c11_an_open_way_is_found_out() -> None:
    """A connection that arrives is the failure of the guard."""

    async def unguarded(target: Target, policy: Policy) -> None:
        async with fetcher() as client:
            await client.fetch(FetchRequest(target.url))

    with pytest.raises(GuardError):
        await prove_guard(unguarded)


@pytest.mark.parametrize(
    "error",
    [
        Fault(Outcome.CONNECT, "refused"),
        Fault(Outcome.BLOCKED_URL, "wrong reason"),
        RuntimeError("broken"),
        TimeoutError(),
        None,
    ],
)
async def test_c11_only_the_guards_own_refusal_counts(error: Exception | None) -> None:
    """Anything else might have been a connection on another day: fail closed."""

    async def probe(target: Target, policy: Policy) -> None:
        if error is not None:
            raise error

    with pytest.raises(GuardError):
        await prove_guard(probe)


async def test_a_request_without_a_route_is_not_made() -> None:
    """The transport fails closed by itself."""
    resolver = Resolver(look_up, 1)
    client = open_client(GuardedTransport(resolver, Phases()))
    target = parse_target("http://127.0.0.1/")

    with pytest.raises(Fault) as caught:
        await client.send(build_get(target.origin_url, [], {"target": target}))
    await client.aclose()

    assert caught.value.outcome is Outcome.INTERNAL_ERROR
