"""The grammars of scalars, as tables."""

from __future__ import annotations

import pytest

from squall.spec import grammar, moments, names
from squall.spec.grammar import GrammarError
from squall.spec.scalars import Amount, Bound
from squall.spec.words import RULES

GOOD = [
    (grammar.duration, "30s", 30.0),
    (grammar.duration, "1h30m", 5400.0),
    (grammar.duration, "250ms", 0.25),
    (grammar.duration, "1.5h", 5400.0),
    (grammar.duration, "PT30S", 30.0),
    (grammar.duration, "P1D", 86400.0),
    (grammar.duration, "P1DT1H", 90000.0),
    (grammar.duration, "PT1H30M", 5400.0),
    (grammar.duration, "P2W", 1209600.0),
    (grammar.duration, "90", 90.0),
    (grammar.span, "3m-5m", Amount(180.0, 300.0)),
    (grammar.span, "5m", Amount(300.0, 300.0)),
    (grammar.percent, "25%", 0.25),
    (grammar.percent, "0.5%", 0.005),
    (grammar.percent, "7%", 0.07),
    (grammar.percent, "25", 0.25),
    (grammar.percent, "100%", 1.0),
    (grammar.rate, "10mbit", 1_250_000.0),
    (grammar.rate, "500kbit", 62_500.0),
    (grammar.rate, "1mbps", 1_000_000.0),
    (grammar.rate, "64KiB/s", 65_536.0),
    (grammar.rate, "1gbit", 125_000_000.0),
    (grammar.size, "256MiB", 268_435_456.0),
    (grammar.size, "1GB", 1e9),
    (grammar.size, "64Ki", 65_536.0),
    (grammar.amount, "2", Amount(2, 2)),
    (grammar.amount, "50%", Amount(0.5, 0.5, percent=True)),
    (grammar.amount, "25%-50%", Amount(0.25, 0.5, percent=True)),
    (grammar.amount, "1-3", Amount(1, 3)),
    (grammar.bound, ">= 99%", Bound(">=", 0.99, "percent")),
    (grammar.bound, "< 800ms", Bound("<", 0.8, "duration")),
    (grammar.bound, "== up", Bound("==", "up", "text")),
    (grammar.bound, '!= "not up"', Bound("!=", "not up", "text")),
    (grammar.bound, "< 25%", Bound("<", 0.25, "percent")),
    (grammar.bound, "== 0", Bound("==", 0.0)),
    (grammar.bound, ">-1.5", Bound(">", -1.5)),
    (grammar.duration_bound, "< 2", Bound("<", 2.0, "duration")),
    (moments.timestamp, "2023-06-01T01:00:00Z", "2023-06-01T01:00:00Z"),
    (moments.timestamp, "2023-06-01t01:00:00.123456789+02:00", "2023-06-01t01:00:00.123456789+02:00"),
    (moments.cron, "0 1 * * 2", "0 1 * * 2"),
    (moments.cron, "*/15 0-6,22 1,15 jan-MAR Mon-fri", "*/15 0-6,22 1,15 jan-MAR Mon-fri"),
    (moments.cron, "0 0 29 2 *", "0 0 29 2 *"),
    (moments.cron, "5/10 * * * 7", "5/10 * * * 7"),
    (moments.time_zone, "Europe/Berlin", "Europe/Berlin"),
    (moments.time_zone, "UTC", "UTC"),
    (names.name, "api-latency.test", "api-latency.test"),
    (names.label_key, "app.kubernetes.io/name", "app.kubernetes.io/name"),
    (names.label_value, "", ""),
    (names.cidr, "10.0.0.0/8", "10.0.0.0/8"),
    (names.cidr, "fd00::/8", "fd00::/8"),
]

BAD = [
    (grammar.duration, "5 minutes", "is not a duration", "write 5m"),
    (grammar.duration, "5M", "is not a duration", "write 5m"),
    (grammar.duration, "P1M", "is not a duration", "write days: years and months have no fixed length"),
    (grammar.duration, "-5s", "is not a duration", "write a duration of 0 or more"),
    (grammar.duration, "soon", "is not a duration", "write it as 30s, 5m, 1h30m, 250ms or PT30S"),
    (grammar.duration, "PT", "is not a duration", "write it as 30s, 5m, 1h30m, 250ms or PT30S"),
    (grammar.duration, "٣s", "is not a duration", "write it as 30s, 5m, 1h30m, 250ms or PT30S"),
    (grammar.duration, "400d", "is longer than 366 days", "write a shorter duration"),
    (grammar.duration, "9" * 400 + "s", "is longer than 366 days", "write a shorter duration"),
    (grammar.span, "5m-3m", "begins above its end", "write 3m-5m"),
    (grammar.span, "3-5m", "lacks a unit", "write 3m-5m"),
    (grammar.span, "5%-6%", "is a share, not a duration", "write it as 30s or 3m-5m"),
    (grammar.percent, "250%", "is more than 100%", "write a share from 0% to 100%"),
    (grammar.percent, "0.5", "may mean a fraction or a percentage", "write 50% or 0.5%"),
    (grammar.percent, "half", "is not a percentage", "write it as 25%"),
    (grammar.rate, "10", "has no unit", "write 10mbit for bits or 10KiB/s for bytes"),
    (grammar.rate, "10Mbps", "is not a rate", "write 10mbit for bits or 10MB/s for bytes"),
    (grammar.rate, "fast", "is not a rate", "write it as 10mbit, 500kbit or 64KiB/s"),
    (grammar.amount, "25-50%", "mixes a count and a share", "write 25%-50%"),
    (grammar.amount, "3-1", "begins above its end", "write 1-3"),
    (grammar.amount, "2.5", "is neither a whole count nor a percentage", "write 2.5% or a whole number"),
    (grammar.quantity, "1-3", "is a range where one amount is wanted", "write it as 2 or 50%"),
    (grammar.bound, "99%", "does not begin with a comparison", 'write ">= 99%" or "< 99%"'),
    (grammar.bound, "up", "does not begin with a comparison", 'write "== up"'),
    (grammar.bound, "=> 99%", "does not begin with a comparison", 'write ">= 99%"'),
    (grammar.bound, "= up", "does not begin with a comparison", 'write "== up"'),
    (grammar.bound, "< up", "compares with what is not a number", "write a number, a percentage or a duration after <"),
    (grammar.percent_bound, ">= 0.99", "bounds a share with a plain number", 'write ">= 99%"'),
    (grammar.duration_bound, "< 5%", "bounds a time with a share", 'write a duration: "< 800ms"'),
    (
        moments.timestamp,
        "2023-06-01T01:00:00",
        "is not an RFC 3339 timestamp",
        "write 2023-06-01T01:00:00Z, or its offset such as +02:00",
    ),
    (moments.timestamp, "2023-06-01", "is not an RFC 3339 timestamp", "write 2023-06-01T00:00:00Z"),
    (moments.cron, "0 25 * * *", "has '25' in the hour", "write 0 to 23, or *"),
    (moments.cron, "0 1 * * tues", "has 'tues' in the day of week", "write 0 to 7, or sun to sat, or *"),
    (
        moments.cron,
        "0 0 * *",
        "has 4 fields, not five",
        'write minute, hour, day of month, month, day of week: "0 1 * * 2"',
    ),
    (moments.cron, "0 0 1 * * 2", "has 6 fields, not five", 'leave the seconds out: "0 1 * * 2"'),
    (moments.cron, "@daily", "is a nickname, not five fields", 'write "0 0 * * *"'),
    (moments.cron, "*/0 * * * *", "has the step '0' in the minute", "write a step from 1 to 59"),
    (moments.cron, "0 6-2 * * *", "has a range in the hour that begins above its end", "write 2-6"),
    (moments.cron, "0 0 30 2 *", "never comes: no such day in these months", "write a day that these months have"),
    (
        moments.cron,
        "0 0 ? * L",
        "holds what five-field cron does not know",
        "write numbers, names, *, ranges, lists and steps",
    ),
    (moments.time_zone, "Europe/Berln", "is not a time zone", "did you mean 'Europe/Berlin'?"),
    (moments.time_zone, "../../etc/passwd", "is not a time zone", "write it as Europe/Berlin"),
    (names.name, "My Test", "is not a name", "write my-test: lower-case letters, digits and '-'"),
    (names.name, "a" * 254, "is longer than 253 characters", "write a shorter one"),
    (names.label_key, "a b", "is not a label key", "write it as app or app.kubernetes.io/name"),
    (names.cidr, "10.0.0.1/8", "is not a block of addresses", "write 10.0.0.0/8"),
    (names.url, "gateway:80", "is not an http address", "write it as http://host:port/path"),
]


@pytest.mark.parametrize(("read", "text", "value"), GOOD, ids=lambda part: getattr(part, "__name__", None))
def test_a_good_text_means_its_value(read, text, value):
    assert read(text) == value


@pytest.mark.parametrize(("read", "text", "fact", "remedy"), BAD, ids=lambda part: getattr(part, "__name__", None))
def test_a_bad_text_is_refused_with_fact_and_remedy(read, text, fact, remedy):
    with pytest.raises(GrammarError) as caught:
        read(text)
    assert (caught.value.fact, caught.value.remedy) == (fact, remedy)


def test_every_rule_takes_its_own_examples():
    for rule in RULES.values():
        for example in rule.examples:
            rule.read(example)


def test_no_moment_of_no_calendar_passes():
    for text in ("2023-02-30T00:00:00Z", "2023-13-01T00:00:00Z", "2023-01-01T25:00:00Z", "0000-01-01T00:00:00Z"):
        with pytest.raises(GrammarError, match="is no moment"):
            moments.timestamp(text)
