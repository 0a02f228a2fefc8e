"""The grammars of names: Kubernetes names and labels, references, addresses. A wrong text raises `GrammarError`."""

from __future__ import annotations

import re

from squall.spec.grammar import GrammarError

_DNS_LABEL = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_QUALIFIED = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"

NAME = rf"^{_DNS_LABEL}(?:\.{_DNS_LABEL})*$"
NAMESPACE = rf"^{_DNS_LABEL}$"
WORD = rf"^{_QUALIFIED}$"
TITLE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"
REF = r"^[^\x00-\x20\x7f]+$"
LABEL_KEY = rf"^(?:{_DNS_LABEL}(?:\.{_DNS_LABEL})*/)?{_QUALIFIED}$"
LABEL_VALUE = rf"^(?:{_QUALIFIED})?$"
URL = r"^https?://[^\s/?#][^\s]*$"
CIDR = r"^[0-9a-fA-F.:]+(?:/[0-9]{1,3})?$"
LENGTH_MAX = 253


def name(text: str) -> str:
    """An RFC 1123 subdomain of at most 253 characters."""
    return _take(text, NAME, "is not a name", _lowered(text, NAME))


def namespace(text: str) -> str:
    """An RFC 1123 label of at most 63 characters."""
    return _take(text, NAMESPACE, "is not a namespace", _lowered(text, NAMESPACE))


def _lowered(text: str, pattern: str) -> str:
    guess = re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")
    if guess and re.fullmatch(pattern, guess):
        return f"write {guess}: lower-case letters, digits and '-'"
    return "write lower-case letters, digits and '-', at most 63 between dots"


def word(text: str) -> str:
    """A name without spaces."""
    return _take(text, WORD, "is not a name", "write letters, digits, '-', '_' and '.', at most 63, without spaces")


def title(text: str) -> str:
    """A name for people: one line that is not blank."""
    return _take(text, TITLE, "is not a name", "write one line that is not empty")


def ref(text: str) -> str:
    """A reference to a target."""
    return _take(text, REF, "is not a reference", "write it as kind/name, without spaces")


def label_key(text: str) -> str:
    """A Kubernetes label key: `app`, `app.kubernetes.io/name`."""
    return _take(text, LABEL_KEY, "is not a label key", "write it as app or app.kubernetes.io/name")


def label_value(text: str) -> str:
    """A Kubernetes label value: empty, or at most 63 letters, digits, `-`, `_` and `.`."""
    return _take(text, LABEL_VALUE, "is not a label value", "write at most 63 letters, digits, '-', '_' and '.'")


def url(text: str) -> str:
    """An http or https address."""
    return _take(text, URL, "is not an http address", "write it as http://host:port/path", length_max=2048)


def cidr(text: str) -> str:
    """A block of addresses, `10.0.0.0/8`, or one address."""
    import ipaddress

    try:
        ipaddress.ip_network(text, strict=True)
    except ValueError as error:
        fixed = _masked(text)
        remedy = f"write {fixed}" if fixed else "write it as 10.0.0.0/8"
        raise GrammarError("is not a block of addresses", remedy) from error
    return text


def _masked(text: str) -> str:
    import ipaddress

    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return ""


def _take(text: str, pattern: str, fact: str, remedy: str, length_max: int = LENGTH_MAX) -> str:
    if len(text) > length_max:
        raise GrammarError(f"is longer than {length_max} characters", "write a shorter one")
    if not re.fullmatch(pattern, text):
        raise GrammarError(fact, remedy)
    return text
