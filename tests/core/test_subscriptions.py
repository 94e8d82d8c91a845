"""A feed's hub: what is asked when, what its word changes, and whose a push is."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.websub import (
    FIRST_RETRY,
    GRACE,
    LEASE,
    LONGEST_LEASE,
    LONGEST_RETRY,
    SHORTEST_LEASE,
    Seal,
    State,
    Subscription,
    Topic,
    asked,
    denied,
    feed_of,
    is_alive,
    is_due,
    is_place,
    is_wanted,
    news_found,
    place_of,
    pushed,
    refused,
    secret_of,
    subscription_form,
    verified,
)

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TOPIC = Topic("https://hub.example/", "https://a.example/feed")
KEY = b"k" * 32


def active(*, since: timedelta = DAY, lease: str = "864000") -> Subscription:
    """Asked and verified."""
    return verified(asked(None, TOPIC, "n", NOW - since), lease, NOW - since)


def test_a_hub_is_asked_once_and_waited_for() -> None:
    """The same one again when its time has come."""
    known = asked(None, TOPIC, "n", NOW)

    assert is_due(None, TOPIC, NOW)
    assert not is_due(known, TOPIC, NOW)
    assert is_due(known, TOPIC, NOW + FIRST_RETRY)


def test_another_hub_is_asked_an_hour_later() -> None:
    """A feed that names a new one at every poll is held to that."""
    known = asked(None, TOPIC, "n", NOW)
    other = Topic("https://other.example/", TOPIC.url)

    again = asked(known, other, "m", NOW + HOUR)

    assert not is_due(known, other, NOW + HOUR - MINUTE)
    assert is_due(known, other, NOW + HOUR)
    assert (again.topic, again.nonce, again.state) == (other, "m", State.ASKED)


def test_retries_double_up_to_a_day() -> None:
    """For ever: a hub may come back."""
    known, waits = None, []
    for _ in range(20):
        known = asked(known, TOPIC, "n", NOW)
        waits.append(known.ask_at - NOW)

    assert waits[:3] == [FIRST_RETRY, 2 * FIRST_RETRY, 4 * FIRST_RETRY]
    assert waits[-1] == LONGEST_RETRY


@pytest.mark.parametrize(
    ("lease", "length"),
    [
        ("3600", HOUR),
        ("1", SHORTEST_LEASE),
        ("0", SHORTEST_LEASE),
        ("999999999999", LONGEST_LEASE),
        ("", LEASE),
        ("-5", LEASE),
        ("soon", LEASE),
        ("٣٦٠٠", LEASE),
        ("9" * 5000, LEASE),
    ],
)
def test_a_lease_is_what_the_hub_says_within_reason(lease: str, length: timedelta) -> None:
    """Renewed when four fifths of it are over."""
    known = verified(asked(None, TOPIC, "n", NOW), lease, NOW)

    assert known.expires_at == NOW + length
    assert known.ask_at == NOW + length * 0.8


def test_a_question_nobody_waits_for_changes_nothing() -> None:
    """A hub may ask again at any time."""
    known = active()

    assert verified(known, "60", NOW) is known


def test_a_renewal_keeps_what_is_in_force() -> None:
    """Until it is verified, and after a refusal too."""
    renewing = refused(asked(active(), TOPIC, "m", NOW), "server_error:\n500")

    assert (renewing.state, renewing.nonce) == (State.ACTIVE, "n")
    assert renewing.error == "server_error: 500"
    assert verified(renewing, "3600", NOW).error is None


def test_a_refusal_after_the_verification_is_nothing() -> None:
    """The hub asked back, and failed only then."""
    known = active()

    assert refused(known, "server_error: 500") is known


def test_a_denial_ends_it_for_a_day() -> None:
    """With the hub's words, if any."""
    known = denied(active(), "", NOW)

    assert (known.state, known.expires_at, known.ask_at) == (State.DENIED, None, NOW + DAY)
    assert known.error == "denied: no reason given"
    assert asked(known, TOPIC, "m", NOW + DAY).state is State.ASKED


@pytest.mark.parametrize(
    ("known", "url", "wanted"),
    [
        (asked(None, TOPIC, "n", NOW), TOPIC.url, True),
        (active(), TOPIC.url, True),
        (active(), "https://b.example/feed", False),
        (denied(active(), "", NOW), TOPIC.url, False),
    ],
)
def test_what_a_hub_is_told_yes_to(known: Subscription, url: str, wanted: bool) -> None:
    """Our own topic, pending or in force."""
    assert is_wanted(known, url) is wanted


def test_pushes_are_alive_until_something_is_missed() -> None:
    """And again with the next one."""
    known = pushed(active(), NOW)
    soon = news_found(known, NOW + GRACE)
    missed = news_found(known, NOW + GRACE + MINUTE)

    assert not is_alive(active(), NOW)
    assert is_alive(known, NOW + DAY)
    assert soon is known
    assert not is_alive(missed, NOW + DAY)
    assert is_alive(pushed(missed, NOW + HOUR), NOW + DAY)


def test_news_without_any_push_yet_miss_nothing() -> None:
    """Nobody relied on it."""
    known = active()

    assert news_found(known, NOW) is known


@pytest.mark.parametrize(
    "known",
    [
        replace(pushed(active(), NOW), state=State.DENIED),
        pushed(active(since=11 * DAY), NOW),
        replace(pushed(active(), NOW), expires_at=None),
        pushed(active(since=9 * DAY), NOW - 8 * DAY),
    ],
    ids=["denied", "expired", "no lease", "silent for a week"],
)
def test_a_subscription_that_ended_is_not_alive(known: Subscription) -> None:
    """The feed is polled at its own pace."""
    assert not is_alive(known, NOW)


def test_a_callback_tells_its_feed_and_no_more() -> None:
    """Of another key, feed or nonce it is another."""
    place = place_of(KEY, 17, "n")

    assert feed_of(place) == 17
    assert is_place(place, KEY, 17, "n")
    assert not is_place(place, b"x" * 32, 17, "n")
    assert not is_place(place, KEY, 18, "n")
    assert not is_place(place, KEY, 17, "m")
    assert not is_place("17-é", KEY, 17, "n")


@pytest.mark.parametrize("place", ["", "17", "17-", "-" + "A" * 43, "17-" + "A" * 44, "x" * 47])
def test_other_places_are_nobody_s(place: str) -> None:
    """The form is checked before anything is looked up."""
    assert feed_of(place) is None


def test_a_form_has_a_secret_where_there_is_one() -> None:
    """Under 200 bytes."""
    secret = secret_of(KEY, 17, "n")

    form = subscription_form(TOPIC, "https://n.example/websub/x", secret)

    assert form == {
        "hub.callback": "https://n.example/websub/x",
        "hub.mode": "subscribe",
        "hub.topic": TOPIC.url,
        "hub.lease_seconds": "864000",
        "hub.secret": secret,
    }
    assert len(secret) == 64
    assert "hub.secret" not in subscription_form(TOPIC, "https://n.example/websub/x", None)


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("form", ["{}={}", "{}={} ", " {}={}"])
def test_a_seal_holds_over_the_raw_body(method: str, form: str) -> None:
    """Whatever pieces it comes in; the digits in either case."""
    digest = hmac.new(b"s", b"one two", method).hexdigest()
    for value in (digest, digest.upper()):
        seal = Seal(form.format(method, value), "s")
        seal.update(b"one ")
        seal.update(b"two")

        assert seal.holds()


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        f"sha256={'0' * 64}",
        f"md5={hmac.new(b's', b'x', hashlib.md5).hexdigest()}",
        f"SHA256={hmac.new(b's', b'x', hashlib.sha256).hexdigest()}",
        f"sha256={hmac.new(b's', b'x', hashlib.sha256).hexdigest()},sha256=00",
        f"sha256={hmac.new(b's', b'x', hashlib.sha256).hexdigest()[:-2]}",
    ],
)
def test_other_seals_do_not(header: str | None) -> None:
    """Missing, empty, of a method that is none of ours, cut."""
    seal = Seal(header, "s")
    seal.update(b"x")

    assert not seal.holds()
