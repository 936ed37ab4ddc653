"""My hours: painting and typing a week, trying it, saving it, and taking it back."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pandas as pd
import pytest
import streamlit as st
from sqlalchemy import select

from core.changing_hours import save_weekly_hours
from core.errors import Invalid
from core.models import DateHours, HoursKind, Opening, Role, User, WorkingHours
from core.policy import Actor
from core.schedule import (
    ChangedOpening,
    DayWindow,
    HoursOfDate,
    WeekdayWindow,
    WeeklyHours,
    change_opening,
    close_date,
    set_date_hours,
)
from core.schedule.windows import check_week
from dashboard import feedback
from dashboard.components.hours_grid import GridDay, GridHours, stroke_in
from dashboard.my_hours import weekly
from dashboard.my_hours.painting import Brush, Stroke, paint, week_from
from dashboard.my_hours.table import COLUMNS, frame_of, windows_in
from tests import a, screen
from tests.test_frame import to

TODAY = a.BEFORE.date()
MON, TUE, SAT, SUN = 1, 2, 6, 7
REST = HoursKind.BREAK


def work(weekday, start, end, **values):
    return WeekdayWindow(weekday, round(start * 60), round(end * 60), **values)


def stroke(first, last, start, end):
    return Stroke(first, last, round(start * 60), round(end * 60))


def painted(windows, *strokes):
    """Each stroke with its brush, one after the other; what comes of it can be saved."""
    for brush, *where in strokes:
        windows = paint(windows, stroke(*where), brush, TODAY)
    check_week(windows)
    return windows


def test_a_stroke_over_five_days_gives_each_the_same_hours():
    assert painted((), (Brush.WORK, 1, 5, 9, 12)) == tuple(work(day, 9, 12) for day in range(1, 6))


def test_two_windows_a_day_stay_two_and_touching_ones_become_one():
    two = painted((), (Brush.WORK, MON, MON, 9, 12), (Brush.WORK, MON, MON, 14, 18))
    assert two == (work(MON, 9, 12), work(MON, 14, 18))
    assert painted(two, (Brush.WORK, MON, MON, 12, 14)) == (work(MON, 9, 18),)


def test_a_break_is_only_painted_where_there_is_work():
    day = painted((work(MON, 9, 17),), (Brush.BREAK, MON, TUE, 8, 10), (Brush.BREAK, 1, 1, 12, 13))
    assert day == (work(MON, 9, 17), work(MON, 9, 10, kind=REST), work(MON, 12, 13, kind=REST))


def test_work_over_a_break_takes_it_away_and_not_at_work_takes_both():
    day = (work(MON, 9, 17), work(MON, 12, 13, kind=REST))
    assert painted(day, (Brush.WORK, MON, MON, 12, 13)) == (work(MON, 9, 17),)
    assert painted(day, (Brush.CLEAR, MON, MON, 11, 12.5)) == (
        work(MON, 9, 11),
        work(MON, 12.5, 17),
        work(MON, 12.5, 13, kind=REST),
    )


def test_hours_that_begin_on_no_half_hour_keep_their_minutes():
    odd = (WeekdayWindow(MON, 490, 740),)
    assert painted(odd, (Brush.CLEAR, MON, MON, 10, 11)) == (
        WeekdayWindow(MON, 490, 600),
        WeekdayWindow(MON, 660, 740),
    )


def test_a_night_is_painted_on_two_days_and_is_one_window():
    night = painted((), (Brush.WORK, SUN, SUN, 22, 24), (Brush.WORK, MON, MON, 0, 6))
    assert night == (work(SUN, 22, 30),)
    assert painted(night, (Brush.CLEAR, MON, MON, 4, 6)) == (work(SUN, 22, 28),)


def test_days_worked_around_the_clock_are_a_window_each():
    whole = painted((), (Brush.WORK, MON, SUN, 0, 24))
    assert whole == tuple(work(day, 0, 24) for day in range(1, 8))


def test_hours_that_begin_on_that_date_are_one_with_what_is_painted_beside_them():
    begun = work(MON, 9, 12, valid_from=TODAY)
    day = painted((begun,), (Brush.WORK, MON, MON, 12, 14))
    assert week_from(day, TODAY) == (work(MON, 9, 14),)
    assert set(week_from(day, TODAY - timedelta(days=1))) == {begun, work(MON, 12, 14)}


def test_what_begins_later_still_does_when_its_week_is_painted():
    begin, end = TODAY + timedelta(days=30), TODAY + timedelta(days=300)
    later = work(MON, 9, 17, valid_from=begin, valid_to=end)
    painted_by = partial(paint, (later,), on=begin + timedelta(days=7))

    assert painted_by(stroke(TUE, TUE, 9, 12), Brush.WORK) == (later, work(TUE, 9, 12))
    assert painted_by(stroke(MON, MON, 12, 13), Brush.BREAK) == (
        later,
        replace(later, starts_minute=720, ends_minute=780, kind=REST),
    )
    assert painted_by(stroke(MON, MON, 12, 17), Brush.CLEAR) == (replace(later, ends_minute=720),)


def test_rows_of_other_dates_are_not_painted_over():
    later = work(MON, 9, 12, valid_from=TODAY + timedelta(days=30))
    now = work(MON, 9, 17, valid_to=TODAY + timedelta(days=29))
    found = paint((now, later), stroke(MON, MON, 9, 17), Brush.CLEAR, TODAY)
    assert found == (later,)


# --- the table


def test_what_the_table_shows_is_what_it_says():
    rows = (
        work(MON, 9, 17, valid_from=a.DAY),
        work(MON, 12, 13, kind=REST, valid_to=date(2027, 3, 31)),
        work(SAT, 22, 30),
    )
    assert windows_in(frame_of(rows)) == rows
    assert windows_in(frame_of(())) == ()


def typed(*rows):
    return pd.DataFrame(rows, columns=list(COLUMNS))


def test_a_row_that_says_nothing_is_passed_over():
    frame = typed(
        (None, None, None, "Work", None, None), ("Monday", "9", "17.30", None, None, None)
    )
    assert windows_in(frame) == (WeekdayWindow(MON, 540, 1050),)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ((None, "9", "17", "Work", None, None), "Row 1: please choose a day"),
        (("Monday", "9", None, "Work", None, None), "Monday: one of the two times is missing"),
        (("Monday", "nine", "17", "Work", None, None), "Monday: nine is not a time"),
    ],
)
def test_a_row_that_says_too_little_is_named(row, words):
    with pytest.raises(Invalid, match=words):
        windows_in(typed(row))


# --- the grid

GRID = GridHours(420, 1200, 30, tuple(GridDay(str(day), (), ()) for day in range(7)))


def test_a_stroke_is_taken_only_where_something_was_drawn():
    good = {"first": 1, "last": 5, "from": 540, "to": 720}
    assert stroke_in({"painted": good}, GRID) == stroke(1, 5, 9, 12)
    for wrong in (
        {"first": 0},
        {"last": 8},
        {"first": 5, "last": 1},
        {"from": 0},
        {"to": 5000},
        {"to": 540},
        {"to": "720"},
        {"last": True},
        {"to": None},
    ):
        assert stroke_in({"painted": good | wrong}, GRID) is None
    for nothing in (None, {}, {"painted": None}, {"painted": [1, 2, 3, 4]}):
        assert stroke_in(nothing, GRID) is None


# --- the page


@pytest.fixture
def house(sqlite_database):
    """Dr Ada works from nine to five and has a visit on Monday afternoon."""
    with sqlite_database.writing() as session:
        visit = a.service(session, name="Visit", length_minutes=60, step_minutes=60)
        ada = a.professional(session, name="Dr Ada", services=(visit,))
        patient = a.patient(session, name="Ana *Silva*", phone="+351912345678")
        a.booking(session, ada, a.span(15, 16), service=visit, patient=patient)
        a.user(session, Role.PROFESSIONAL, username="ada", name="Ada", professional_id=ada.id)
        a.user(session, Role.RECEPTIONIST, username="rita")
        a.user(session, Role.ADMIN, username="rui", name="Rui")
    return sqlite_database


@pytest.fixture
def show(monkeypatch, house):
    def show_to(username, page="my-hours"):
        with house.reading() as session:
            user = session.scalars(select(User).where(User.username == username)).one()
        screen.set_clock(monkeypatch, a.BEFORE)
        shown = screen.show_to(monkeypatch, house, user).run()
        to(shown, page)
        return shown.run()

    return show_to


def change(page, *strokes):
    """What the grid would send."""
    draft = page.session_state[weekly.DRAFT]
    windows = painted(draft.windows, *strokes)
    page.session_state[weekly.DRAFT] = replace(draft, windows=windows, turn=draft.turn + 1)
    return page.run()


def save(page):
    return page.button(key="my_hours_save").click().run()


def worked(house, weekday=MON):
    with house.reading() as session:
        rows = session.scalars(
            select(WorkingHours)
            .where(WorkingHours.weekday == weekday, WorkingHours.valid_to.is_(None))
            .order_by(WorkingHours.starts_minute)
        )
        return [(each.starts_minute // 60, each.ends_minute // 60) for each in rows]


def said(page):
    assert not page.exception
    return "\n".join(each.value for each in (*page.markdown, *page.caption, *page.warning))


def test_who_would_be_left_without_hours_is_shown_before_anything_is_saved(show, house):
    page = change(show("ada"), (Brush.CLEAR, 1, 5, 13, 17))

    assert "1 visit would lie outside these hours." in said(page)
    assert "**Monday 7 December, 15:00-16:00**" in said(page)
    assert r"Ana \*Silva\* · Visit" in said(page)
    monday = page.table[0].value.loc["Monday"]
    assert list(monday) == ["32:00", "16:00", "", "-15"]
    assert worked(house) == [(9, 17)]


def test_saved_the_desk_has_it_on_its_list_and_undone_it_has_not(show, house):
    page = save(change(show("ada"), (Brush.CLEAR, 1, 5, 13, 17)))

    assert page.toast[0].value == (
        "Saved the hours of Dr Ada. 1 visit outside the new hours stays booked; the desk moves it."
    )
    assert worked(house) == [(9, 13)]
    desk = show("rita", "sick-day")
    assert "1 visit lies outside hours that were changed." in said(desk)
    assert r"Ana \*Silva\* +351 912 345 678 · Visit · Dr Ada" in said(desk)

    page = show("ada")
    assert not [each for each in page.button if each.key and each.key.startswith("last_step")]
    page = save(change(page, (Brush.WORK, 1, 5, 13, 17)))
    assert "Outside changed hours" not in said(show("rita", "sick-day"))


def test_a_save_is_taken_back_by_the_one_line_for_it(show, house):
    page = save(change(show("ada"), (Brush.CLEAR, 1, 5, 13, 17)))
    undo = next(each for each in page.button if each.key.startswith("last_step_hours"))
    page = undo.click().run()

    assert page.toast[0].value == "Undone: the hours are as they were."
    assert worked(house) == [(9, 17)]
    assert page.session_state[weekly.DRAFT].windows == tuple(work(d, 9, 17) for d in range(1, 6))


def test_a_second_click_on_save_finds_them_saved(show, house, monkeypatch):
    page = change(show("ada"), (Brush.CLEAR, 1, 5, 13, 17))
    with monkeypatch.context() as cut_off:  # a click aborts the run that saved
        cut_off.setattr(weekly, "_finish", lambda _sentence: st.stop())
        page = save(page)
    page = save(page)

    assert not page.error
    assert page.toast[0].value.startswith("Saved the hours of Dr Ada.")
    assert [each for each in page.button if each.key and each.key.startswith("last_step_hours")]
    assert worked(house) == [(9, 13)]


def test_hours_somebody_else_has_saved_meanwhile_are_not_overwritten(show, house):
    page = change(show("ada"), (Brush.CLEAR, 1, 5, 13, 17))
    with house.writing() as session:
        rui = a.actor(session, Role.ADMIN, name="Rui")
        ada = page.session_state[weekly.DRAFT].known.professional.id
        asked = WeeklyHours(ada, (work(MON, 10, 12),))
        save_weekly_hours(session, rui, asked, now=a.BEFORE)

    page = save(page)
    assert page.error[0].value == "Rui has changed this in the meantime. Please look again."
    assert worked(house) == [(10, 12)]

    page = page.button(key="my_hours_again").click().run()
    assert page.session_state[weekly.DRAFT].windows == (work(MON, 10, 12),)


def test_hours_that_cannot_be_are_told_and_cannot_be_saved(show, house):
    page = show("ada")
    draft = page.session_state[weekly.DRAFT]
    wrong = (*draft.windows, work(MON, 16, 20))
    page.session_state[weekly.DRAFT] = replace(draft, windows=wrong)
    page = page.run()

    assert page.error[0].value == "Monday: 09:00 to 17:00 overlaps 16:00 to 20:00."
    assert page.button(key="my_hours_save").disabled
    assert worked(house) == [(9, 17)]


def test_nothing_changed_there_is_nothing_to_save(show):
    page = show("ada")
    assert page.button(key="my_hours_save").disabled
    page.segmented_control(key="my_hours_view").set_value("Table").run()
    assert not page.exception
    assert page.button(key="my_hours_save").disabled


def test_first_hours_apply_from_the_day_that_was_chosen(show, house):
    page = show("ada")
    page.date_input(key="my_hours_from").set_value(a.DAY)
    page = save(change(page.run(), (Brush.WORK, SAT, SAT, 9, 12)))
    assert not page.error
    with house.reading() as session:
        row = session.scalars(select(WorkingHours).where(WorkingHours.weekday == SAT)).one()
    assert (row.valid_from, row.valid_to) == (a.DAY, None)
    assert page.date_input(key="my_hours_from").value == a.DAY


def test_hours_that_have_yet_to_begin_are_shown_from_their_first_day(show, house):
    with house.writing() as session:
        ada = session.scalars(select(WorkingHours.professional_id)).first()
        for each in session.scalars(select(WorkingHours)):
            each.valid_from = a.DAY
    page = show("ada")
    assert page.date_input(key="my_hours_from").value == a.DAY
    assert ada == page.session_state[weekly.DRAFT].known.professional.id


def test_hours_painted_for_later_begin_no_earlier_when_another_day_is_chosen(show, house):
    later = TODAY + timedelta(days=30)
    with house.writing() as session:
        ada = session.scalars(select(WorkingHours.professional_id)).first()
        session.add(
            WorkingHours(
                professional_id=ada,
                weekday=SAT,
                starts_minute=540,
                ends_minute=720,
                valid_from=later,
            )
        )
    page = show("ada")
    page.date_input(key="my_hours_from").set_value(later + timedelta(days=7))
    draft = page.run().session_state[weekly.DRAFT]
    windows = paint(draft.windows, stroke(SUN, SUN, 9, 12), Brush.WORK, later + timedelta(days=7))
    page.session_state[weekly.DRAFT] = replace(draft, windows=windows)
    page.date_input(key="my_hours_from").set_value(TODAY)
    save(page.run())

    with house.reading() as session:
        rows = session.scalars(
            select(WorkingHours).where(WorkingHours.weekday.in_((SAT, SUN)))
        ).all()
        assert {each.weekday: each.valid_from for each in rows} == {SAT: later, SUN: TODAY}


def test_hours_that_end_before_the_new_ones_apply_are_no_hindrance_and_stay(show, house):
    last = TODAY + timedelta(days=10)
    with house.writing() as session:
        for each in session.scalars(select(WorkingHours)):
            each.valid_to = last
    page = show("ada")
    page.date_input(key="my_hours_from").set_value(TODAY + timedelta(days=30))
    page = save(change(page.run(), (Brush.WORK, SAT, SAT, 9, 12)))

    assert not page.error
    assert worked(house, SAT) == [(9, 12)]
    with house.reading() as session:
        monday = session.scalars(select(WorkingHours).where(WorkingHours.weekday == MON)).one()
    assert monday.valid_to == last


# --- dates and openings


@pytest.fixture
def dates(show):
    page = show("ada")
    return page.segmented_control(key="hours").set_value("Dates and openings").run()


def entered(page, form, **values):
    """Fill in the fields of the form as it stands the first time, and send it."""
    for name, value in values.items():
        if name == "on":
            page.date_input(key=f"{form}_0_on").set_value(value)
        else:
            page.text_input(key=f"{form}_0_{name}").set_value(value)
    return page


def publish(page, **values):
    entered(page, "opening_new", **values)
    return next(b for b in page.button if b.label == "Publish the opening").click().run()


def test_an_opening_is_published_changed_withdrawn_and_put_back(dates, house):
    saturday = a.DAY + timedelta(days=5)
    page = publish(dates, on=saturday, **{"from": "9", "to": "12.30"})
    assert page.toast[0].value == "Published: Saturday 12 December, 09:00-12:30."
    assert "**Saturday 12 December, 09:00-12:30**" in said(page)

    page = next(b for b in page.button if b.label == "Withdraw").click().run()
    assert page.toast[0].value == "Withdrawn: Saturday 12 December, 09:00-12:30."
    assert "No openings to come." in said(page)

    page = next(b for b in page.button if b.key.startswith("last_step_OPENING")).click().run()
    page = next(b for b in page.button if b.label == "Edit").click().run()
    page.text_input(key="practice_form_opening_to").set_value("30:00")
    page = next(b for b in page.button if b.label == "Save").click().run()
    assert page.toast[0].value == (
        "The opening is Saturday 12 December, 09:00 to Sunday 13 December, 06:00 now."
    )


def test_a_second_click_on_publish_finds_the_opening_published(dates, house, monkeypatch):
    with monkeypatch.context() as cut_off:  # a click aborts the run that published
        cut_off.setattr(feedback, "flash", lambda _sentence: st.stop())
        page = publish(dates, on=a.DAY, **{"from": "22", "to": "30"})
    page = next(b for b in page.button if b.label == "Publish the opening").click().run()

    assert not page.error
    assert page.toast[0].value.startswith("Published: Monday 7 December, 22:00")
    assert page.text_input(key="opening_new_1_from").value == ""
    with house.reading() as session:
        assert len(session.scalars(select(Opening)).all()) == 1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"on": date(2026, 12, 1), "from": "9", "to": "12"}, "That time has passed."),
        ({"from": "12", "to": "9"}, "The opening ends before it begins."),
        ({"from": "9", "to": ""}, "Please enter from when to when."),
        ({"from": "nine", "to": "12"}, "nine is not a time."),
        ({"on": date(2027, 3, 28), "from": "1:30", "to": "4"}, "leave out 01:30."),
    ],
)
def test_an_opening_that_cannot_be_is_told_and_nothing_is_published(dates, values, words):
    page = publish(dates, **values)
    assert words in page.error[0].value
    assert "No openings to come." in said(page)


def test_an_opening_over_another_is_told_and_not_published_across_midnight_either(dates, house):
    page = publish(dates, on=a.DAY, **{"from": "22", "to": "30"})
    page.date_input(key="opening_new_1_on").set_value(a.DAY + timedelta(days=1))
    page.text_input(key="opening_new_1_from").set_value("5")
    page.text_input(key="opening_new_1_to").set_value("8")
    page = next(b for b in page.button if b.label == "Publish the opening").click().run()

    assert page.error[0].value == (
        "Dr Ada already has an opening from Monday 7 December, 22:00 to Tuesday 8 December, "
        "06:00. Please choose a time beside it."
    )
    with house.reading() as session:
        assert [each.starts_at for each in session.scalars(select(Opening))] == [a.at(22)]


def test_hours_of_a_date_that_begin_in_the_hour_the_clock_leaves_out_are_told(dates, house):
    page = entered(dates, "date_hours", on=date(2027, 3, 28), hours="1:30-6").run()
    page = page.button(key="date_hours_0_save").click().run()

    assert page.error[0].value == (
        "On Sunday 28 March 2027 the clocks change and leave out 01:30. Please choose a time "
        "before or after that."
    )
    with house.reading() as session:
        assert session.scalars(select(DateHours)).all() == []


def test_a_date_is_given_other_hours_after_who_is_in_the_way_is_shown(dates):
    page = entered(dates, "date_hours", on=a.DAY, hours="9-12, 16:30-18").run()
    assert "1 visit would lie outside these hours." in said(page)

    page = page.button(key="date_hours_0_save").click().run()
    assert page.toast[0].value == (
        "Monday 7 December: 09:00-12:00, 16:30-18:00. "
        "1 visit outside the new hours stays booked; the desk moves it."
    )
    assert "09:00-12:00, 16:30-18:00" in said(page)

    page = page.button(key=f"date_hours_clear_{a.DAY}").click().run()
    assert page.toast[0].value == "Monday 7 December has the hours of its weekday again."
    assert "Every date has the hours of its weekday." in said(page)


@pytest.mark.parametrize(
    ("hours", "words"),
    [("9-12, 11-14", "overlaps"), ("nine to five", "is not from"), ("9-25-30", "is not a time")],
)
def test_hours_of_a_date_that_cannot_be_are_told(dates, hours, words):
    page = entered(dates, "date_hours", on=a.DAY, hours=hours).run()
    assert words in page.error[0].value
    page = page.button(key="date_hours_0_save").click().run()
    assert "Every date has the hours of its weekday." in said(page)


def by_rui(house, change):
    """What an admin does while the page of the professional stands open."""
    with house.writing() as session:
        rui = session.scalars(select(User).where(User.username == "rui")).one()
        change(session, Actor(Role.ADMIN, rui.name, user_id=rui.id))


def test_a_date_an_admin_has_changed_meanwhile_is_shown_and_saved_over_knowingly(dates, house):
    page = entered(dates, "date_hours", on=a.DAY, hours="9-12").run()
    with house.reading() as session:
        ada = session.scalars(select(WorkingHours.professional_id)).first()
    asked = HoursOfDate(ada, a.DAY, (DayWindow(600, 720),))
    by_rui(house, lambda session, rui: set_date_hours(session, rui, asked, now=a.BEFORE))

    page = page.button(key="date_hours_0_save").click().run()
    assert page.error[0].value == "Rui has changed this in the meantime. Please look again."
    assert "Monday 7 December is 10:00-12:00 now." in said(page)
    page = page.button(key="date_hours_0_save").click().run()
    assert not page.error
    assert page.toast[0].value.startswith("Monday 7 December: 09:00-12:00.")

    by_rui(house, lambda session, rui: close_date(session, rui, ada, a.DAY, now=a.BEFORE))
    page = page.button(key=f"date_hours_clear_{a.DAY}").click().run()
    assert "Rui has changed this" in page.error[0].value
    assert "Monday 7 December is not at work now." in said(page)


def test_an_opening_an_admin_has_moved_meanwhile_is_not_withdrawn_or_moved_back(dates, house):
    page = publish(dates, on=a.DAY + timedelta(days=5), **{"from": "9", "to": "12"})
    with house.reading() as session:
        opening = session.scalars(select(Opening)).one()
    longer = ChangedOpening(opening.id, opening.version, a.at(9, day=5), a.at(13, day=5))
    by_rui(house, lambda session, rui: change_opening(session, rui, longer, now=a.BEFORE))

    page = next(b for b in page.button if b.label == "Withdraw").click().run()
    assert page.error[0].value == "Rui has changed this in the meantime. Please look again."
    assert "The opening is Saturday 12 December, 09:00-13:00 now." in said(page)
    page = next(b for b in page.button if b.label == "Withdraw").click().run()
    assert page.toast[0].value == "Withdrawn: Saturday 12 December, 09:00-13:00."


def test_time_off_is_entered_on_the_same_page(show):
    page = show("ada").segmented_control(key="hours").set_value("Time off").run()
    assert not page.exception
    assert next(b for b in page.button if b.label == "Enter time off")


def test_time_that_is_not_bookable_keeps_whoever_is_booked(show):
    page = show("ada").segmented_control(key="hours").set_value("Time off").run()
    kind = next(each for each in page.segmented_control if each.key.endswith("_kind"))
    kind.set_value("not_bookable")
    next(e for e in page.date_input if e.label == "First day").set_value(a.DAY)
    page = page.run()
    assert "What is booked then takes place." in said(page)
    assert not page.warning

    page = next(b for b in page.button if b.label == "Enter time off").click().run()
    assert page.toast[0].value == "Dr Ada takes no new bookings: Monday 7 December."
    assert "not bookable" in said(page)
    assert not page.expander
    assert "Visits to move" not in said(show("rita", "sick-day"))
