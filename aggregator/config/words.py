"""Values and keys of the file -> words fit for a message: short, on one line, without secrets."""

from __future__ import annotations

import re

_LONGEST = 60
_PLAIN_KEY = re.compile(r"[\w.-]{1,60}", re.ASCII)

# A user and a password before the host; then what stands where only a port may, since a
# password with a `/` in it ends the host early (`https://user:pa/ss@host/`).
_USER = re.compile(r"//[^/?#]*@")
_NOT_A_PORT = re.compile(r"//(?:\[[^\]]*\]|[^/?#\[\]:]*):(?!\d{0,5}(?:[/?#]|$)).*", re.DOTALL)


def shown(value: object) -> str:
    """What was found, in a few words; a blank is `blank`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _cut(repr(without_secrets(value)))
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return repr(value)


def shown_key(key: str) -> str:
    """A key or id as it is when it is a plain one, else quoted and cut."""
    return key if _PLAIN_KEY.fullmatch(key) else _cut(repr(without_secrets(key)))


def without_secrets(text: str) -> str:
    """`text` with the user and password of a URL in it replaced by `***`."""
    return _NOT_A_PORT.sub("//***", _USER.sub("//***@", text))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
