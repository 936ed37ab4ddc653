"""The booking line: what it reads, what it takes words for, and what it would book."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.availability.next_free import AFTERNOON
from core.booking_line import LineWords, propose, read_line, understand
from core.booking_line.reading import LONGEST_LINE
from core.errors import NotAllowed
from core.models import Role
from tests import a

WORDS = LineWords(
    weekdays=["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    months=[
        *("january", "february", "march", "april", "may", "june", "july"),
        *("august", "september", "october", "november", "december"),
    ],
    today=frozenset({"today"}),
    tomorrow=frozenset({"tomorrow"}),
    yesterday=frozenset({"yesterday"}),
    next=frozenset({"next"}),
    this=frozenset({"this"}),
    within=frozenset({"in"}),
    days=frozenset({"day", "days"}),
    weeks=frozenset({"week", "weeks"}),
    months_ahead=frozenset({"month", "months"}),
    numbers=[
        frozenset({each})
        for each in (
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        )
    ],
    half=frozenset({"half"}),
    quarter=frozenset({"quarter"}),
    past=frozenset({"past"}),
    before=frozenset({"to"}),
    morning=frozenset({"morning"}),
    afternoon=frozenset({"afternoon"}),
    evening=frozenset({"evening"}),
    titles=frozenset({"dr"}),
    fillers=frozenset({"at", "with", "for", "on"}),
)
FRIDAY = date(2026, 11, 20)


def read(text, **more):
    return read_line(text, WORDS, today=FRIDAY, **more)


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("today", FRIDAY),
        ("Tomorrow", date(2026, 11, 21)),
        ("yesterday", date(2026, 11, 19)),
        ("fri", FRIDAY),
        ("mon", date(2026, 11, 23)),
        ("monday", date(2026, 11, 23)),
        ("next mon", date(2026, 11, 23)),
        ("next friday", date(2026, 11, 27)),
        ("in 3 days", date(2026, 11, 23)),
        ("in 2 weeks", date(2026, 12, 4)),
        ("in two weeks", date(2026, 12, 4)),
        ("this monday", date(2026, 11, 23)),
        ("this afternoon", FRIDAY),
        ("12-3", date(2027, 3, 12)),
        ("fri 27.11.", date(2026, 11, 27)),
        ("27.11. fri", date(2026, 11, 27)),
        ("in 3 months", date(2027, 2, 20)),
        ("27.11.", date(2026, 11, 27)),
        ("27/11/2027", date(2027, 11, 27)),
        ("3.1.27", date(2027, 1, 3)),
        ("19.11.", date(2027, 11, 19)),
        ("2026-12-01", date(2026, 12, 1)),
        ("27 nov", date(2026, 11, 27)),
        ("nov 27", date(2026, 11, 27)),
        ("29 feb", date(2028, 2, 29)),
        ("31.02.", None),
        ("mo", None),
        ("mondal", None),
    ],
)
def test_a_day_is_read_in_every_usual_form(text, on):
    assert read(text).on == on


def test_the_month_comes_first_where_people_write_it_so():
    assert read("11/27", country="US").on == date(2026, 11, 27)


@pytest.mark.parametrize(
    ("text", "minute"),
    [
        ("10", 600),
        ("10:15", 615),
        ("10.30", 630),
        ("10h", 600),
        ("10h45", 645),
        ("1030", 630),
        ("5pm", 17 * 60),
        ("5 pm", 17 * 60),
        ("12am", 0),
        ("10:15 am", 615),
        ("half past nine", 570),
        ("half past 9", 570),
        ("quarter past 3", 15 * 60 + 15),
        ("quarter to ten", 585),
        ("3", 15 * 60),
        ("03", 3 * 60),
        ("3:00", 3 * 60),
        ("25", None),
        ("10:75", None),
        ("13pm", None),
    ],
)
def test_a_time_is_read_in_every_usual_form(text, minute):
    assert read(text).minute == minute


def test_tomorrow_at_five_stays_tomorrow_at_five():
    line = read("tomorrow 5pm")
    assert (line.on, line.minute, line.words) == (date(2026, 11, 21), 1020, [])


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("+351 912 345 678 mon 10", "+351 912 345 678"),
        ("mon 10 642110478", "642110478"),
        ("642 110 478 silva", "642 110 478"),
        ("mon 10 silva", ""),
    ],
)
def test_a_telephone_number_is_no_time(text, phone):
    line = read(text)
    assert line.phone == phone
    assert (line.minute is None) == ("10" not in text.split())


@pytest.mark.parametrize("odd", ["31.2.", "31/11", "2027-02-30", "25", "10:75", "13pm", "0x1f"])
def test_a_date_or_a_time_that_is_none_is_told_and_never_passed_over(odd):
    line = read(f"{odd} silva")
    assert (line.unread, line.words) == ([odd], ["silva"])


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("tomorrow 5pm monday", ["monday"]),
        ("tomorrow friday", ["friday"]),
        ("thu 27.11.", ["27.11."]),
        ("27.11. 28.12.", ["28.12."]),
        ("5pm 9am", ["9am"]),
        ("10 5pm", ["5pm"]),
        ("tue next friday", ["next", "friday"]),
        ("mon this afternoon", ["this", "afternoon"]),
        ("642110478 mon 642110479", ["642110479"]),
    ],
)
def test_a_second_day_or_time_never_takes_the_place_of_the_first(text, unread):
    said = text.split()
    first = read(" ".join(said[: len(said) - len(unread)]))
    line = read(text)
    assert line.unread == unread
    assert (line.on, line.minute, line.phone) == (first.on, first.minute, first.phone)


def test_a_date_said_with_its_weekday_stays_that_date_when_its_time_is_over():
    for text in ("fri 20.11. 10", "20.11. fri 10"):
        assert read(text, minute=18 * 60).on == FRIDAY


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("fri 10", date(2026, 11, 27)),
        ("fri 19", FRIDAY),
        ("fri", FRIDAY),
        ("today 10", FRIDAY),
        ("mon 10", date(2026, 11, 23)),
    ],
)
def test_a_weekday_with_a_time_that_is_over_means_next_week(text, on):
    assert read(text, minute=18 * 60).on == on


def test_a_part_of_the_day_is_read_and_a_time_goes_before_it():
    assert read("next tue afternoon").part == AFTERNOON
    assert (read("fri morning", minute=13 * 60).on, read("fri morning").on) == (
        FRIDAY + timedelta(days=7),
        FRIDAY,
    )
    assert (read("fri evening 5").minute, read("morning silva").words) == (17 * 60, ["silva"])


def test_order_fillers_commas_and_case_do_not_matter():
    lines = ("fri at 10, Dr Ruiz with SILVA", "silva dr ruiz 10 fri", "10 fri silva dr. ruiz")
    for text in lines:
        line = read(text)
        assert (line.on, line.minute) == (FRIDAY, 600)
        assert (line.titled, line.words) == (["ruiz"], ["silva"])


@given(st.text(max_size=300))
def test_nothing_typed_is_too_odd_to_be_read(text):
    line = read(text)
    assert line.minute is None or 0 <= line.minute < 1440
    assert len(" ".join(line.words)) <= 4 * LONGEST_LINE


# What the words stand for.


@pytest.fixture
def place(session):
    follow_up = a.service(session, name="Follow-up", length_minutes=30)
    check = a.service(session, name="Skin check", length_minutes=30)
    ruiz = a.professional(session, name="Dr Elena Ruiz", services=(follow_up, check))
    costa = a.professional(session, name="Beatriz Costa", services=(follow_up,))
    silva = a.patient(session, name="Ana Silva", phone="+351912345678")
    other = a.patient(session, name="Rui Costa", phone="+351912345679")
    return follow_up, check, ruiz, costa, silva, other


MONDAY = a.at(7)


def meant(session, text):
    line = read_line(text, WORDS, today=MONDAY.date())
    return understand(session, a.actor(session), line, now=MONDAY)


def ids(found):
    return [each.id for each in found]


def test_words_find_patient_service_and_professional(session, place):
    follow_up, _check, ruiz, _costa, silva, _other = place
    best = meant(session, "mon 10 silva follow-up ruiz")[0]
    assert ids(best.patients) == [silva.id]
    assert ids(best.services) == [follow_up.id]
    assert ids(best.professionals) == [ruiz.id]
    assert best.unknown == ""


def test_beginnings_and_telephones_do_as_well(session, place):
    best = meant(session, "foll 912345678 elen")[0]
    assert [len(each) for each in (best.patients, best.services, best.professionals)] == [1, 1, 1]


def test_a_name_that_both_have_is_offered_both_ways(session, place):
    *_rest, costa, silva, other = place
    readings = meant(session, "costa follow-up")
    assert ids(readings[0].patients) == [other.id]
    assert [costa.id] in [ids(each.professionals) for each in readings]
    assert ids(meant(session, "silva costa")[0].professionals) == [costa.id]
    assert ids(meant(session, "silva costa")[0].patients) == [silva.id]
    assert ids(meant(session, "dr costa silva")[0].professionals) == [costa.id]


def test_several_patients_are_all_shown_and_none_is_taken(session, place):
    a.patient(session, name="Eva Silva")
    best = meant(session, "silva")[0]
    assert len(best.patients) == 2
    assert best.patient is None


def test_who_is_called_just_that_is_meant(session, place):
    exact = a.service(session, name="Skin")
    named = a.patient(session, name="Eva Costa")
    a.patient(session, name="Eva Costa Marques")
    best = meant(session, "skin eva costa")[0]
    assert (ids(best.services), ids(best.patients)) == ([exact.id], [named.id])
    assert len(meant(session, "eva")[0].patients) == 2


def test_one_odd_word_leaves_the_rest_understood(session, place):
    follow_up, *_more, silva, _other = place
    best = meant(session, "silva follow-up please-now")[0]
    assert ids(best.patients) == [silva.id]
    assert ids(best.services) == [follow_up.id]
    assert best.unknown == "please-now"
    odd = meant(session, "31.2. 10h silva follow-up")[0]
    assert (odd.unknown, odd.has_unread, best.has_unread) == ("31.2.", True, False)


def test_what_nobody_is_called_is_said(session, place):
    best = meant(session, "mon 10 follow-up zzyzx")[0]
    assert (best.unknown, best.patients) == ("zzyzx", ())
    assert best.services


def test_who_is_new_keeps_the_name_as_it_was_typed(session, place):
    assert meant(session, "mon 10 Zoë O'Brien-Müller follow-up")[0].unknown == "Zoë O'Brien-Müller"
    half_known = meant(session, "silva-Zyx follow-up")[0]
    assert half_known.unknown in ("zyx", "silva-Zyx")


def test_only_who_books_for_others_may_ask(session, place):
    line = read_line("silva", WORDS, today=FRIDAY)
    with pytest.raises(NotAllowed):
        understand(session, a.actor(session, role=Role.PROFESSIONAL), line, now=MONDAY)


# What would be booked.


def proposed(session, text):
    line = read_line(text, WORDS, today=MONDAY.date())
    actor = a.actor(session)
    return propose(session, actor, understand(session, actor, line, now=MONDAY)[0], now=MONDAY)


def test_a_free_time_is_proposed_as_said(session, place):
    follow_up, _check, ruiz, *_rest = place
    found = proposed(session, "mon 10 silva follow-up dr ruiz")
    assert (found.professional_id, found.service_id) == (ruiz.id, follow_up.id)
    assert found.starts_at == a.at(10)


def test_without_a_time_it_is_the_next_free_one(session, place):
    assert proposed(session, "silva follow-up").starts_at == a.at(9)
    assert proposed(session, "silva follow-up 11").starts_at == a.at(11)


def test_an_afternoon_is_an_afternoon_and_never_slips_into_the_morning(session, place):
    assert proposed(session, "mon afternoon silva follow-up").starts_at == a.at(12)
    assert proposed(session, "mon afternoon 11 silva follow-up").starts_at == a.at(11)
    missed = proposed(session, "sunday afternoon silva follow-up")
    assert missed.starts_at is None
    assert all(each.starts_at.hour >= 12 for each in missed.other_times)


def test_without_a_service_it_is_the_one_of_last_time(session, place):
    _follow_up, check, ruiz, _costa, silva, _other = place
    assert proposed(session, "silva mon 10").service_id is None
    a.booking(session, ruiz, a.span(9, 9.5, day=-7), service=check, patient=silva)
    found = proposed(session, "silva mon 10")
    assert (found.service_id, found.is_usual_service) == (check.id, True)


def test_a_taken_time_says_why_and_offers_the_nearest(session, place):
    follow_up, _check, ruiz, *_rest = place
    a.booking(session, ruiz, a.span(10, 10.5), service=follow_up)
    found = proposed(session, "mon 10 silva follow-up dr ruiz")
    assert found.starts_at is None
    assert found.reasons
    assert a.at(10.5) in [each.starts_at for each in found.other_times]
    anybody = proposed(session, "mon 10 silva follow-up")
    assert anybody.professional == "Beatriz Costa"


def test_another_day_is_never_slipped_in(session, place):
    found = proposed(session, "sunday 10 silva follow-up")
    assert found.starts_at is None
    sunday = MONDAY.date() + timedelta(days=6)
    assert all(each.starts_at.date() > sunday for each in found.other_times)
