"""How each function is asked, about something of a kind, or for all there is of it.

A line here for every line of ``core.rights``; the test holds the two to each other.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select

from core import (
    accounts,
    activation,
    agenda,
    analytics,
    audit_trail,
    calendar_file,
    calls,
    catalog,
    changing_hours,
    day_board,
    day_print,
    dependants,
    desk,
    directory,
    everything,
    exceptional_access,
    follow_up,
    health,
    history,
    holds,
    inviting,
    merging,
    month,
    monthly_report,
    outbox,
    overrides,
    own_bookings,
    own_month,
    patient_record,
    patient_slip,
    patients,
    practice,
    privacy,
    public_holidays,
    recalls,
    registering,
    running_late,
    schedule,
    schedule_check,
    searches,
    second_step_set_up,
    series,
    sick_day,
    transfer,
    visit_notes,
    waiting,
    walk_in,
    week,
    what_if,
)
from core.accounts.addresses import NewEmail, change_email
from core.analytics.behind import Behind, BehindAsked, load_behind
from core.analytics.files import FigureAsked, figure_table
from core.audit import Head
from core.availability import Days, next_free, organisation_clock
from core.booking import (
    AnyRequest,
    BookingRequest,
    CancelRequest,
    ChainAsked,
    ChainRequest,
    ConfirmRequest,
    Leg,
    MarkRequest,
    MoveRequest,
    RecordedBooking,
    UndoRequest,
    book,
    book_any,
    book_back_to_back,
    cancel,
    confirm_by_phone,
    find_booked,
    find_booked_chain,
    get_booking,
    load_confirmed,
    mark,
    move,
    next_chains,
    preview_chain,
    record_past,
    take_back_cancellation,
    take_back_confirmation,
    undo,
)
from core.booking.groups import SeatMark, SeatRequest, join, leave, mark_seat
from core.booking_line import LineRead, propose, understand
from core.directory.portraits import get_portrait
from core.interval import Interval
from core.models import (
    AbsenceCall,
    Attendee,
    Booking,
    BookingEvent,
    BookingState,
    CallStep,
    Closure,
    Expertise,
    Frequency,
    MessageState,
    Opening,
    Patient,
    PatientMerge,
    Professional,
    ReasonKind,
    Recall,
    Role,
    Room,
    SecondStep,
    TimeOff,
    User,
    WaitingEntry,
)
from core.passwords import PasswordHash
from core.policy import CONSOLE
from core.privacy import keeping
from core.schedule import DayWindow, WeekdayWindow, on_record
from core.searches import SearchMade
from core.series import Repeats, SeriesAsked, SeriesRequest
from core.series.changing import load_series, move_series, preview_move, to_come
from core.series.requests import (
    CancelSeriesRequest,
    MoveSeriesAsked,
    MoveSeriesRequest,
    Scope,
    Seen,
)
from core.settings import Settings, from_environment
from core.transfer.running import open_table
from tests import a
from tests.matrix.world import MISSING, NOW

S = BookingState


@dataclass(frozen=True)
class About:
    """Asked about one of a kind, by its id."""

    kind: str
    ask: Callable


@dataclass(frozen=True)
class Listing:
    """Asked for all there is; answers the ids of a kind."""

    kind: str
    ask: Callable


@dataclass(frozen=True)
class Plain:
    """About nothing that is anybody's."""

    ask: Callable


CONFIGURED = Settings("postgresql://", demo=False, trusted_proxies=())


def known_tag(world, id):
    """A tag as its form was opened on it; one that is not there has nothing to show."""
    tag = world.session.get(Expertise, id)
    return catalog.KnownExpertise(id, tag.name if tag else "", (), 0)


def version(world, kind, id):
    found = world.session.get(kind, id)
    return found.version if found else 1


def place_of(world, who, id):
    """The professional a booking stays with, so that the attempt fails for one reason alone."""
    found = world.session.get(Booking, id)
    return who.professional_id or (found.professional_id if found else world.ada.id)


def closed_by(verb, world, who, id):
    """Done or not: most bookings are what nobody waits for."""
    verb(world.session, who, world.session.get(Booking, id) or Booking(id=id), now=NOW)


def request(world, professional, patient, hour=16):
    return BookingRequest(professional, world.visit.id, patient, a.at(hour), "try")


def chain(world, patient):
    """Twice to the same professional, back to back."""
    leg = Leg(world.visit.id, patient, world.ada.id)
    return ChainAsked((leg, leg), a.at(15))


def understood(world):
    return understand(world.session, world.admin, LineRead(words=["ana"]), now=NOW)[0]


def printed(world, who):
    return day_print.load_printed_day(world.session, who, desk.DayAsked(a.DAY), now=NOW)


FACE = catalog.Picture(b"a face")


LOGO = catalog.PreparedLogo(b"a logo")


def with_logo(world):
    catalog.set_logo(world.session, CONSOLE, LOGO, now=NOW)
    return world


def pictured(world, professional_id):
    """Somebody with a picture; the number of nobody stays as it is."""
    if professional_id != MISSING:
        key_of(world, professional_id)
    return professional_id


def key_of(world, professional_id):
    request = catalog.NewPortrait(professional_id, FACE)
    return catalog.set_portrait(world.session, CONSOLE, request, now=NOW)


def walked_in(world, who, professional, patient):
    asked = walk_in.WalkInRequest(professional, world.visit.id, patient, a.at(16), "try")
    return walk_in.walk_in(world.session, who, asked, now=NOW)


def stranded(world, id):
    """The time off somebody's visit lies in, and that visit."""
    booking = world.session.get(Booking, id)
    if booking is None:
        return MISSING, id
    asked = schedule.NewTimeOff(booking.professional_id, booking.starts_at, booking.ends_at)
    away = schedule.enter_time_off(world.session, world.admin, asked, now=NOW)
    world.session.flush()
    return away.id, id


def put_back(world, who, id):
    """The same, after somebody left the visit for later."""
    away, _booking = stranded(world, id)
    if away == MISSING:
        return away, None
    step = AbsenceCall(
        time_off_id=away,
        booking_id=id,
        user_id=who.user_id,
        step=CallStep.SKIPPED,
        at=NOW,
        booking_version=1,
    )
    world.session.add(step)
    world.session.flush()
    return away, step.id


def moved_instead(world, who, id):
    away, _booking = stranded(world, id)
    asked = sick_day.MoveInstead(
        away, id, version(world, Booking, id), place_of(world, who, id), a.at(16)
    )
    return sick_day.move_stranded(world.session, who, asked, now=NOW)


def later(world, id):
    """An opening at another time."""
    return schedule.ChangedOpening(
        id, version(world, Opening, id), a.at(20, day=9), a.at(21, day=9)
    )


def hours_saved(world, id):
    """The number of a save of somebody's weekly hours, just now."""
    if world.session.get(Professional, id) is None:
        return MISSING
    asked = schedule.WeeklyHours(id, WEEK)
    return changing_hours.save_weekly_hours(world.session, world.admin, asked, now=NOW).change_id


def wishes(world, service):
    return waiting.Wishes(service.id)


def gap(world):
    return waiting.Gap(a.at(14), a.at(15), world.ada.id)


def offered(world, who, entry):
    """Another time, once an admin has taken the first one back."""
    if world.session.get(WaitingEntry, entry):
        running = {world.entry_ana.id: world.offer_ana, world.entry_dora.id: world.offer_dora}
        waiting.take_back(world.session, world.admin, running[entry].id, now=NOW)
    asked = waiting.OfferRequest(
        entry, version(world, WaitingEntry, entry), world.ada.id, a.at(10, day=1)
    )
    return waiting.offer(world.session, who, asked, now=NOW)


def repeats():
    return Repeats(Frequency.WEEKLY, a.DAY, count=2)


def series_for(world, professional, patient):
    return SeriesAsked(professional, world.visit.id, patient, 16 * 60, repeats())


def marked(world, who, id):
    """Undone is what an admin has marked."""
    by_admin(world, id)
    return undo(world.session, who, UndoRequest(id, version(world, Booking, id)), now=NOW)


def by_admin(world, id):
    """A booking that an admin has just marked, if there is such a booking."""
    if world.session.get(Booking, id):
        asked = MarkRequest(id, version(world, Booking, id), S.ARRIVED)
        mark(world.session, world.admin, asked, now=NOW)
    return id


def cancelled_before(world, who, id):
    """Taken back is what the record says they have cancelled."""
    if world.session.get(Booking, id):
        asked = CancelRequest(id, version(world, Booking, id), "ill")
        cancel(world.session, world.admin, asked, now=NOW)
        last = select(func.max(BookingEvent.id)).where(BookingEvent.booking_id == id)
        event = world.session.get(BookingEvent, world.session.scalar(last))
        event.user_id = who.user_id
    asked = UndoRequest(id, version(world, Booking, id))
    return take_back_cancellation(world.session, who, asked, now=NOW)


def taken_away(world, verb, kind, id):
    """By an admin, if there is such a row."""
    if world.session.get(kind, id):
        verb(world.session, world.admin, id, now=NOW)
    return id


def closed_by_admin(world, who, id):
    if world.session.get(WaitingEntry, id):
        seen = version(world, WaitingEntry, id)
        waiting.close(world.session, world.admin, id, seen, "Moved away", now=NOW)
    return waiting.reopen(world.session, who, id, now=NOW)


def not_wanted(world, who, id):
    """Closed by an admin first, if there is such a recall."""
    if world.session.get(Recall, id):
        seen = version(world, Recall, id)
        recalls.close_recall(world.session, world.admin, id, seen, "Moved away", now=NOW)
    return recalls.reopen_recall(world.session, who, id, now=NOW)


def tick(world, id):
    """About whoever has the booking."""
    attends = select(Attendee.patient_id).where(Attendee.booking_id == id)
    patient_id = world.session.scalar(attends) or MISSING
    return ConfirmRequest(id, version(world, Booking, id), patient_id)


def sure(world, who):
    """Every booking is confirmed by an admin first."""
    ids = world.ids("nobody", "booking")
    for id in ids:
        confirm_by_phone(world.session, world.admin, tick(world, id), now=NOW)
    world.session.flush()
    return {booking for booking, _patient in load_confirmed(world.session, who, ids)}


def all_late(world, who):
    """Everybody is late, as an admin says first."""
    for id in world.ids("nobody", "professional"):
        running_late.say_late(world.session, world.admin, id, 20, now=NOW)
    world.session.flush()
    return running_late.load_late(world.session, who, now=NOW)


def moved(world, who, id):
    return MoveSeriesAsked(id, Scope.ONE, place_of(world, who, id), a.at(16))


def seat_in(world, id):
    """Somebody who has a seat in the group."""
    return world.bea.id if id == world.group_of_ada.id else world.dora.id


def release(world, who):
    """A hold of somebody else is left alone."""
    return holds.release_hold(world.session, who, MISSING)


DAYS = Days(a.DAY, a.DAY)
DAY = desk.DayAsked(a.DAY)
LAST_MONTH = date(2026, 11, 1)
OF_THE_DAY = analytics.AnalyticsAsked(a.DAY, a.DAY)
AT_WORK = analytics.Used(1, "Dr Ada", analytics.Totals(60))
BEHIND_THE_HOURS = BehindAsked(OF_THE_DAY, Behind.BOOKED, analytics.By.DAY, a.DAY)
FIGURE = FigureAsked("worth", analytics.By.DAY, OF_THE_DAY)
WINDOW = DayWindow(9 * 60, 12 * 60)
WEEK = (WeekdayWindow(1, 9 * 60, 12 * 60),)


def with_second_step(world):
    user_id = world.other.user_id
    world.session.add(SecondStep(user_id=user_id, secret="x", offered_at=NOW, on_since=NOW))
    world.session.flush()
    return user_id


def user_row(world, id):
    return id, version(world, User, id)


BOOKINGS = {
    "availability.next_free.next_starts": (
        About(
            "patient",
            lambda w, who, id: next_free.next_starts(
                w.session, who, next_free.NextAsked(w.visit.id, patient_id=id), now=NOW
            ),
        ),
    ),
    "booking.placing.book": (
        About(
            "patient",
            lambda w, who, id: book(w.session, who, request(w, w.ada.id, id), now=NOW),
        ),
        About(
            "professional",
            lambda w, who, id: book(w.session, who, request(w, id, w.ana.id), now=NOW),
        ),
    ),
    "booking.placing.find_booked": (
        Plain(lambda w, who: find_booked(w.session, who, "no such key")),
    ),
    "booking.placing.move": (
        About(
            "booking",
            lambda w, who, id: move(
                w.session,
                who,
                MoveRequest(id, version(w, Booking, id), place_of(w, who, id), a.at(16)),
                now=NOW,
            ),
        ),
    ),
    "booking.progress.cancel": (
        About(
            "booking",
            lambda w, who, id: cancel(
                w.session, who, CancelRequest(id, version(w, Booking, id), "ill"), now=NOW
            ),
        ),
        About(
            "group",
            lambda w, who, id: cancel(
                w.session, who, CancelRequest(id, version(w, Booking, id), "ill"), now=NOW
            ),
        ),
    ),
    "booking.groups.mark_seat": (
        About(
            "group",
            lambda w, who, id: mark_seat(
                w.session,
                who,
                SeatMark(id, version(w, Booking, id), seat_in(w, id), S.ARRIVED),
                now=NOW,
            ),
        ),
    ),
    "booking.confirming.confirm_by_phone": (
        About("booking", lambda w, who, id: confirm_by_phone(w.session, who, tick(w, id), now=NOW)),
    ),
    "booking.confirming.take_back_confirmation": (
        About(
            "booking",
            lambda w, who, id: take_back_confirmation(w.session, who, tick(w, id), now=NOW),
        ),
    ),
    "booking.confirming.load_confirmed": (Listing("booking", sure),),
    "calls.load_calls": (
        Listing(
            "booking",
            lambda w, who: {
                each.booking_id
                for each in calls.load_calls(w.session, who, now=a.at(8, day=-1)).rows
            },
        ),
    ),
    "booking.progress.mark": (
        About(
            "booking",
            lambda w, who, id: mark(
                w.session, who, MarkRequest(id, version(w, Booking, id), S.ARRIVED), now=NOW
            ),
        ),
    ),
    "follow_up.propose_follow_ups": (
        About(
            "booking",
            lambda w, who, id: follow_up.propose_follow_ups(w.session, who, id, now=NOW),
        ),
    ),
    "visit_notes.load_note": (
        About("booking", lambda w, who, id: visit_notes.load_note(w.session, who, id)),
    ),
    "visit_notes.write_note": (
        About(
            "booking",
            lambda w, who, id: visit_notes.write_note(
                w.session, who, visit_notes.NoteRequest(id, 0, "Sleeps better"), now=NOW
            ),
        ),
    ),
    "booking.progress.undo": (About("booking", marked),),
    "booking.progress.take_back_cancellation": (About("booking", cancelled_before),),
    "booking.groups.join": (
        About(
            "group",
            lambda w, who, id: join(
                w.session,
                who,
                SeatRequest(id, version(w, Booking, id), a.patient(w.session).id),
                now=NOW,
            ),
        ),
    ),
    "booking.groups.leave": (
        About(
            "group",
            lambda w, who, id: leave(
                w.session,
                who,
                SeatRequest(id, version(w, Booking, id), seat_in(w, id)),
                now=NOW,
            ),
        ),
    ),
    "booking.placing.book_any": (
        About(
            "patient",
            lambda w, who, id: book_any(
                w.session, who, AnyRequest(w.visit.id, id, a.at(16), "any"), now=NOW
            ),
        ),
    ),
    "booking.back_to_back.book_back_to_back": (
        About(
            "patient",
            lambda w, who, id: book_back_to_back(
                w.session, who, ChainRequest(chain(w, id), "chain"), now=NOW
            ),
        ),
    ),
    "booking.back_to_back.find_booked_chain": (
        Plain(lambda w, who: find_booked_chain(w.session, who, "no such key")),
    ),
    "booking.chain.preview_chain": (
        About(
            "patient",
            lambda w, who, id: preview_chain(w.session, who, chain(w, id), now=NOW),
        ),
    ),
    "booking.chain.next_chains": (
        About(
            "patient",
            lambda w, who, id: next_chains(w.session, who, chain(w, id), now=NOW),
        ),
    ),
    "holds.hold": (
        About(
            "professional",
            lambda w, who, id: holds.hold(
                w.session, who, holds.HoldRequest(id, w.visit.id, a.at(16), "h"), now=NOW
            ),
        ),
    ),
    "holds.release_hold": (Plain(release),),
    "series.booking.book_series": (
        About(
            "patient",
            lambda w, who, id: series.book_series(
                w.session, who, SeriesRequest(series_for(w, w.ada.id, id), "s"), now=NOW
            ),
        ),
    ),
    "series.booking.preview_series": (
        About(
            "patient",
            lambda w, who, id: series.preview_series(
                w.session, who, series_for(w, w.ada.id, id), now=NOW
            ),
        ),
        About(
            "professional",
            lambda w, who, id: series.preview_series(
                w.session, who, series_for(w, id, None), now=NOW
            ),
        ),
    ),
    "series.changing.cancel_series": (
        About(
            "booking",
            lambda w, who, id: series.cancel_series(
                w.session,
                who,
                CancelSeriesRequest(id, Scope.ONE, (Seen(id, version(w, Booking, id)),), "ill"),
                now=NOW,
            ),
        ),
    ),
    "series.undoing.undo_series": (
        About(
            "booking",
            lambda w, who, id: series.undo_series(
                w.session,
                who,
                series.UndoSeriesRequest((Seen(id, version(w, Booking, by_admin(w, id))),)),
                now=NOW,
            ),
        ),
    ),
    "series.undoing.load_undoable": (
        About(
            "booking",
            lambda w, who, id: series.load_undoable(w.session, who, [by_admin(w, id)], now=NOW),
        ),
    ),
    "series.changing.move_series": (
        About(
            "booking",
            lambda w, who, id: move_series(
                w.session,
                who,
                MoveSeriesRequest(moved(w, who, id), (Seen(id, version(w, Booking, id)),)),
                now=NOW,
            ),
        ),
    ),
    "series.changing.preview_move": (
        About(
            "booking", lambda w, who, id: preview_move(w.session, who, moved(w, who, id), now=NOW)
        ),
    ),
    "calendar_file.visit_file": (
        About(
            "booking",
            lambda w, who, id: calendar_file.visit_file(w.session, who, id, now=NOW),
        ),
    ),
    "booking.ledger.get_booking": (
        About("booking", lambda w, who, id: get_booking(w.session, who, id)),
    ),
    "desk.load_day_bookings": (
        Listing(
            "booking",
            lambda w, who: {
                each.id
                for each in desk.load_day_bookings(w.session, who, [w.ada, w.ben], DAYS, now=NOW)
            },
        ),
    ),
    "overrides.load_overrides_of": (
        Plain(lambda w, who: overrides.load_overrides_of(w.session, who, w.own.id)),
    ),
    "schedule_check.load_visits_to_come": (
        Listing(
            "booking",
            lambda w, who: {
                each.id
                for each in schedule_check.load_visits_to_come(
                    w.session,
                    who,
                    [w.ada.id, w.ben.id],
                    DAYS,
                    organisation_clock(w.session),
                )
            },
        ),
    ),
    "series.changing.load_series": (
        About("booking", lambda w, who, id: load_series(w.session, who, id)),
    ),
    "series.changing.to_come": (
        About("booking", lambda w, who, id: to_come(w.session, who, id, Scope.ONE, now=NOW)),
    ),
    "week.find_next_visit": (Plain(lambda w, who: week.find_next_visit(w.session, who, now=NOW)),),
    "own_bookings.load_coming": (
        Listing(
            "booking",
            lambda w, who: {
                each.id for each in own_bookings.load_coming(w.session, who, now=NOW).bookings
            },
        ),
    ),
    "own_bookings.load_past": (
        Listing(
            "booking",
            lambda w, who: {
                each.id for each in own_bookings.load_past(w.session, who, now=a.at(23)).bookings
            },
        ),
    ),
    "accounts.users.load_admin_names": (
        Plain(lambda w, who: accounts.load_admin_names(w.session, who)),
    ),
    "practice.count_to_come": (
        Plain(lambda w, who: practice.count_to_come(w.session, who, a.DAY, a.DAY, now=NOW)),
    ),
    "overrides.load_overrides_of_month": (
        Plain(lambda w, who: overrides.load_overrides_of_month(w.session, who, a.DAY)),
    ),
    "booking.importing.record_past": (
        Plain(
            lambda w, who: record_past(
                w.session,
                who,
                RecordedBooking(
                    w.ada.id,
                    w.visit.id,
                    w.ana.id,
                    a.at(16),
                    a.at(16.5),
                    S.BOOKED,
                    a.BEFORE,
                    "past",
                ),
                now=NOW,
            )
        ),
    ),
    "everything.writing.check_may_export_everything": (
        Plain(lambda w, who: everything.check_may_export_everything(w.session, who, now=NOW)),
    ),
    "transfer.bookings.import_bookings": (
        Plain(
            lambda w, who: transfer.import_bookings(
                w.session,
                who,
                b"patient,professional,service,date,time\nx,Dr Ada,Visit,2026-12-08,09:00\n",
                now=NOW,
            )
        ),
    ),
    "health.load_health": (
        Plain(lambda w, who: health.load_health(w.session, who, CONFIGURED, now=NOW)),
    ),
    "health.note_backup": (
        Plain(lambda w, who: health.note_backup(w.session, who, intact=True, now=NOW)),
    ),
    "health.note_verified": (
        Plain(
            lambda w, who: health.note_verified(
                w.session, who, audit_trail.ChainState(Head(1, ""), None), now=NOW
            )
        ),
    ),
    "transfer.hours.import_hours": (
        Plain(
            lambda w, who: transfer.import_hours(
                w.session, who, b"professional,weekday,from,to\nDr Ada,Monday,9:00,17:00\n", now=NOW
            )
        ),
    ),
    "transfer.professionals.import_professionals": (
        Plain(
            lambda w, who: transfer.import_professionals(
                w.session, who, b"name,title\nDr Eva,Physio\n", now=NOW
            )
        ),
    ),
    "transfer.running.open_table": (
        Plain(
            lambda w, who: open_table(
                w.session,
                who,
                b"name\nMassage\n",
                transfer.ImportOptions(),
                {"name": ("name",)},
                {},
            )
        ),
    ),
    "transfer.writing.write_kind": (
        Plain(
            lambda w, who: transfer.write_kind(
                w.session, who, transfer.FileKind.PATIENTS, io.BytesIO(), now=NOW
            )
        ),
    ),
    "transfer.services.import_services": (
        Plain(
            lambda w, who: transfer.import_services(
                w.session, who, b"name,length\nMassage,50\n", now=NOW
            )
        ),
    ),
    "transfer.headings.read_headings": (
        Plain(
            lambda w, who: transfer.read_headings(
                w.session, who, transfer.FileKind.PATIENTS, b"name,phone\nAna,642110478\n"
            )
        ),
    ),
    "transfer.headings.remember_columns": (
        Plain(
            lambda w, who: transfer.remember_columns(
                w.session, who, transfer.FileKind.PATIENTS, {"Akte": "desk_note"}, now=NOW
            )
        ),
    ),
    "transfer.patients.import_patients": (
        Plain(
            lambda w, who: transfer.import_patients(
                w.session, who, b"name,phone\nEva Reis,+351912345699\n", now=NOW
            )
        ),
    ),
}

WAITING = {
    "recalls.add_recall": (
        About(
            "patient",
            lambda w, who, id: recalls.add_recall(
                w.session,
                who,
                recalls.NewRecall(id, a.DAY + timedelta(days=90), "try", w.visit.id),
                now=NOW,
            ),
        ),
    ),
    "recalls.note_call": (
        About(
            "recall",
            lambda w, who, id: recalls.note_call(
                w.session, who, id, version(w, Recall, id), a.DAY + timedelta(days=1), now=NOW
            ),
        ),
    ),
    "recalls.close_recall": (
        About(
            "recall",
            lambda w, who, id: recalls.close_recall(
                w.session, who, id, version(w, Recall, id), "Moved away", now=NOW
            ),
        ),
    ),
    "recalls.reopen_recall": (About("recall", not_wanted),),
    "recalls.close_met": (
        About(
            "booking",
            lambda w, who, id: closed_by(recalls.close_met, w, who, id),
        ),
    ),
    "recalls.load_recalls": (
        Listing(
            "recall",
            lambda w, who: {each.id for each in recalls.load_recalls(w.session, who, now=NOW)},
        ),
    ),
    "sick_day.proposing.propose_instead": (
        About("booking", lambda w, who, id: sick_day.propose_instead(w.session, who, id, now=NOW)),
    ),
    "sick_day.worklist.load_worklist": (
        About("time_off", lambda w, who, id: sick_day.load_worklist(w.session, who, id, now=NOW)),
    ),
    "sick_day.steps.take_next": (
        About("time_off", lambda w, who, id: sick_day.take_next(w.session, who, id, now=NOW)),
    ),
    "sick_day.steps.no_answer": (
        About(
            "booking",
            lambda w, who, id: sick_day.no_answer(w.session, who, *stranded(w, id), 0, now=NOW),
        ),
    ),
    "sick_day.steps.skip": (
        About(
            "booking",
            lambda w, who, id: sick_day.skip(w.session, who, *stranded(w, id), 0, now=NOW),
        ),
    ),
    "sick_day.steps.move_stranded": (About("booking", moved_instead),),
    "sick_day.steps.cancel_stranded": (
        About(
            "booking",
            lambda w, who, id: sick_day.cancel_stranded(
                w.session, who, *stranded(w, id), version(w, Booking, id), now=NOW
            ),
        ),
    ),
    "sick_day.steps.undo_last": (
        About(
            "booking",
            lambda w, who, id: sick_day.undo_last(w.session, who, *put_back(w, who, id), now=NOW),
        ),
    ),
    "waiting.entries.add": (
        About(
            "patient",
            lambda w, who, id: waiting.add(
                w.session, who, waiting.NewEntry(id, wishes(w, w.visit), "try"), now=NOW
            ),
        ),
    ),
    "waiting.entries.edit": (
        About(
            "entry",
            lambda w, who, id: waiting.edit(
                w.session,
                who,
                waiting.EditedEntry(id, version(w, WaitingEntry, id), wishes(w, w.later)),
                now=NOW,
            ),
        ),
    ),
    "waiting.entries.close": (
        About(
            "entry",
            lambda w, who, id: waiting.close(
                w.session, who, id, version(w, WaitingEntry, id), "Moved away", now=NOW
            ),
        ),
    ),
    "waiting.entries.reopen": (About("entry", closed_by_admin),),
    "waiting.entries.close_served": (
        About(
            "booking",
            lambda w, who, id: closed_by(waiting.close_served, w, who, id),
        ),
    ),
    "waiting.entries.load_waiting": (
        Listing(
            "entry",
            lambda w, who: {each.id for each in waiting.load_waiting(w.session, who, now=NOW)},
        ),
    ),
    "waiting.fitting.fitting_entries": (
        Plain(lambda w, who: waiting.fitting_entries(w.session, who, gap(w), now=NOW)),
    ),
    "waiting.fitting.gaps_for_waiting": (
        Plain(lambda w, who: waiting.gaps_for_waiting(w.session, who, now=NOW)),
    ),
    "waiting.offers.offer": (About("entry", lambda w, who, id: offered(w, who, id)),),
    "waiting.offers.accept": (
        About("offer", lambda w, who, id: waiting.accept(w.session, who, id, now=NOW)),
    ),
    "waiting.offers.decline": (
        About("offer", lambda w, who, id: waiting.decline(w.session, who, id, now=NOW)),
    ),
    "waiting.offers.no_answer": (
        About("offer", lambda w, who, id: waiting.no_answer(w.session, who, id, now=NOW)),
    ),
    "waiting.offers.take_back": (
        About("offer", lambda w, who, id: waiting.take_back(w.session, who, id, now=NOW)),
    ),
    "waiting.offers.get_offer": (
        About("offer", lambda w, who, id: waiting.get_offer(w.session, who, id)),
    ),
    "waiting.offers.load_log": (
        About("entry", lambda w, who, id: waiting.load_log(w.session, who, id, now=NOW)),
    ),
}
DESK = {
    "booking_line.meaning.understand": (
        Plain(lambda w, who: understand(w.session, who, LineRead(words=["ana"]), now=NOW)),
    ),
    "booking_line.proposing.propose": (
        Plain(lambda w, who: propose(w.session, who, understood(w), now=NOW)),
    ),
    "day_board.load_board": (
        Listing(
            "booking",
            lambda w, who: {
                each.booking_id
                for each in day_board.load_board(w.session, who, a.DAY, now=NOW).rows
            },
        ),
    ),
    "day_print.load_printed_day": (
        Listing(
            "professional",
            lambda w, who: {
                id
                for id, name in ((w.ada.id, "Dr Ada"), (w.ben.id, "Dr Ben"))
                if name in {each.title for each in printed(w, who).pages}
            },
        ),
    ),
    "walk_in.free_today": (
        Plain(lambda w, who: walk_in.free_today(w.session, who, w.visit.id, now=NOW)),
    ),
    "walk_in.walk_in": (
        About("professional", lambda w, who, id: walked_in(w, who, id, w.ana.id)),
        About("patient", lambda w, who, id: walked_in(w, who, w.ada.id, id)),
    ),
}


def someone_new(w):
    eva = patients.NewPatient("Eva", email="eva@example.org")
    return patients.add_patient(w.session, w.admin, eva, now=NOW)


def merged(w, who, id):
    other = someone_new(w)
    versions = version(w, Patient, id), other.version
    asked = merging.MergeRequest(id, versions[0], other.id, versions[1])
    return merging.merge(w.session, who, asked, now=NOW)


def merged_away(w, id):
    """The number of a record that an admin has just made part of this one."""
    if id == MISSING:
        return id
    kept = merged(w, w.admin, id)
    about = select(PatientMerge.merged_id).where(PatientMerge.kept_id == kept.id)
    return w.session.scalar(about)


def invited(w, who, id):
    """Somebody with an address, who has not chosen a password yet."""
    patient = w.session.get(Patient, id)
    if patient is not None:
        patient.email = f"patient{id}@example.org"
    return inviting.invite_patient(w.session, who, inviting.PatientInvitation(id), now=NOW)


def linked(w, who, id):
    asked = dependants.FamilyLink(someone_new(w).id, id)
    return dependants.link(w.session, who, asked, now=NOW)


def unlinked(w, who, id):
    asked = dependants.FamilyLink(someone_new(w).id, id)
    if id != MISSING:
        dependants.link(w.session, w.admin, asked, now=NOW)
    return dependants.unlink(w.session, who, asked, now=NOW)


PATIENTS = {
    "dependants.acting_for": (
        About("patient", lambda w, who, id: dependants.acting_for(w.session, who, id, now=NOW)),
    ),
    "dependants.add_own_dependant": (
        Plain(
            lambda w, who: dependants.add_own_dependant(
                w.session, who, dependants.NewDependant("Tom", a.DAY), now=NOW
            )
        ),
    ),
    "dependants.load_own_dependants": (
        Plain(lambda w, who: dependants.load_own_dependants(w.session, who, now=NOW)),
    ),
    "dependants.load_own_family": (
        Plain(lambda w, who: dependants.load_own_family(w.session, who, now=NOW)),
    ),
    "dependants.load_family": (
        About("patient", lambda w, who, id: dependants.load_family(w.session, who, id, now=NOW)),
    ),
    "dependants.link": (About("patient", linked),),
    "dependants.unlink": (About("patient", unlinked),),
    "inviting.invite_patient": (About("patient", invited),),
    "inviting.load_sign_in": (
        About("patient", lambda w, who, id: inviting.load_sign_in(w.session, who, id, now=NOW)),
    ),
    "history.load_names": (
        Listing(
            "patient",
            lambda w, who: set(
                history.load_names(
                    w.session,
                    who,
                    history.day_as_of(w.session, w.admin, a.DAY, NOW),
                    now=NOW,
                )
            ),
        ),
    ),
    "patient_record.load_record": (
        About(
            "patient",
            lambda w, who, id: patient_record.load_record(w.session, who, id, now=NOW, past=9),
        ),
    ),
    "patient_slip.load_slip": (
        About("patient", lambda w, who, id: patient_slip.load_slip(w.session, who, id, now=NOW)),
    ),
    "patient_slip.print_slip": (
        About("patient", lambda w, who, id: patient_slip.print_slip(w.session, who, id, now=NOW)),
    ),
    "patients.get_patient": (
        About("patient", lambda w, who, id: patients.get_patient(w.session, who, id, now=NOW)),
    ),
    "patients.preferences.load_to_know": (
        About("patient", lambda w, who, id: patients.load_to_know(w.session, who, id, now=NOW)),
    ),
    "patients.find_patients": (
        Listing(
            "patient",
            lambda w, who: {
                each.id for each in patients.find_patients(w.session, who, "patient", now=NOW)
            },
        ),
    ),
    "patients.find_likely_duplicates": (
        Listing(
            "patient",
            lambda w, who: {
                found.patient.id
                for each in (w.ana, w.bea, w.cleo, w.dora)
                for found in patients.find_likely_duplicates(
                    w.session, who, patients.NewPatient("", phone=each.phone), now=NOW
                )
            },
        ),
    ),
    "merging.duplicates.find_same": (
        About(
            "patient", lambda w, who, id: merging.find_same(w.session, who, id, now=NOW) or "may"
        ),
    ),
    "merging.duplicates.load_pairs": (
        Plain(lambda w, who: [merging.load_pairs(w.session, who, now=NOW, limit=9)]),
    ),
    "merging.duplicates.tell_apart": (
        About(
            "patient",
            lambda w, who, id: merging.tell_apart(
                w.session, who, merging.TellApartRequest(id, someone_new(w).id), now=NOW
            ),
        ),
    ),
    "merging.joining.merge": (About("patient", lambda w, who, id: merged(w, who, id)),),
    "merging.joining.undo_merge": (
        About(
            "patient",
            lambda w, who, id: merging.undo_merge(w.session, who, merged_away(w, id), now=NOW),
        ),
    ),
    "patients.add_patient": (
        Plain(
            lambda w, who: patients.add_patient(
                w.session, who, patients.NewPatient("Eva", email="eva@example.org"), now=NOW
            )
        ),
    ),
    "patients.edit_patient": (
        About(
            "patient",
            lambda w, who, id: patients.edit_patient(
                w.session,
                who,
                patients.EditedPatient(id, 1, "Eva", email="eva@example.org"),
                now=NOW,
            ),
        ),
    ),
    "patients.edit_own_contact": (
        Plain(
            lambda w, who: patients.edit_own_contact(
                w.session, who, patients.OwnContact(1, email="eva@example.org"), now=NOW
            )
        ),
    ),
    "privacy.exporting.check_may_export": (
        About(
            "patient",
            lambda w, who, id: privacy.check_may_export(w.session, who, id, now=NOW) or "may",
        ),
    ),
    "privacy.exporting.export_patient": (
        About("patient", lambda w, who, id: privacy.export_patient(w.session, who, id, now=NOW)),
    ),
    "privacy.erasing.ask_for_erasure": (
        Plain(lambda w, who: privacy.ask_for_erasure(w.session, who, now=NOW)),
    ),
    "privacy.erasing.withdraw_request": (
        Plain(lambda w, who: privacy.withdraw_request(w.session, who, now=NOW)),
    ),
    "privacy.erasing.erase": (
        About(
            "patient",
            lambda w, who, id: privacy.erase(
                w.session, who, privacy.ErasureRequest(id, 1, str(id)), now=NOW
            ),
        ),
    ),
    "privacy.erasing.preview_erasure": (
        About(
            "patient",
            lambda w, who, id: privacy.preview_erasure(w.session, who, id, now=NOW),
        ),
    ),
    "privacy.keeping.keep_for": (
        Plain(lambda w, who: keeping.keep_for(w.session, who, keeping.KeepRequest(24), now=NOW)),
    ),
    "privacy.keeping.load_due": (
        Plain(lambda w, who: keeping.load_due(w.session, who, now=NOW, limit=9)),
    ),
    "privacy.keeping.load_requests": (Plain(lambda w, who: keeping.load_requests(w.session, who)),),
    "exceptional_access.load_open_records": (
        Plain(lambda w, who: exceptional_access.load_open_records(w.session, who, now=NOW)),
    ),
    "exceptional_access.open_exceptionally": (
        Plain(
            lambda w, who: exceptional_access.open_exceptionally(
                w.session,
                who,
                exceptional_access.AccessRequest("Collapsed here", phone=w.dora.phone),
                now=NOW,
                by_mail=False,
            )
        ),
    ),
}

HOURS = {
    "analytics.desk.desk_counts": (
        Plain(lambda w, who: analytics.desk_counts(w.session, who, a.DAY, NOW)),
    ),
    "desk.load_cancelled": (
        Listing(
            "cancelled",
            lambda w, who: {each.id for each in desk.load_cancelled(w.session, who, DAY)},
        ),
    ),
    "desk.load_day": (
        Listing(
            "booking",
            lambda w, who: {
                each.id for each in desk.load_day(w.session, who, DAY, now=NOW).bookings
            },
        ),
    ),
    "agenda.load_agenda": (
        Listing(
            "booking",
            lambda w, who: {
                each.id
                for each in agenda.load_agenda(
                    w.session, who, agenda.AgendaAsked(a.DAY, a.DAY)
                ).bookings
            },
        ),
    ),
    "month.load_month": (
        Plain(
            lambda w, who: month.load_month(
                w.session, who, desk.DayAsked(a.DAY, w.visit.id), now=NOW
            )
        ),
    ),
    "desk.services_at": (
        About(
            "professional",
            lambda w, who, id: desk.services_at(w.session, who, id, a.at(16), now=NOW),
        ),
    ),
    "schedule.absence.load_time_off": (
        Listing(
            "time_off",
            lambda w, who: {each.id for each in schedule.load_time_off(w.session, who, now=NOW)},
        ),
    ),
    "schedule.stranded.stranded_bookings": (
        About(
            "professional",
            lambda w, who, id: schedule.stranded_bookings(
                w.session, who, id, Interval(a.at(8), a.at(18))
            ),
        ),
    ),
    "schedule_check.schedule_findings": (
        Plain(lambda w, who: schedule_check.schedule_findings(w.session, who, now=NOW)),
    ),
    "changing_hours.drop_opening": (
        About(
            "opening", lambda w, who, id: changing_hours.drop_opening(w.session, who, id, now=NOW)
        ),
    ),
    "changing_hours.move_opening": (
        About(
            "opening",
            lambda w, who, id: changing_hours.move_opening(w.session, who, later(w, id), now=NOW),
        ),
    ),
    "schedule.openings.change_opening": (
        About(
            "opening",
            lambda w, who, id: schedule.change_opening(w.session, who, later(w, id), now=NOW),
        ),
    ),
    "changing_hours.save_date_hours": (
        About(
            "professional",
            lambda w, who, id: changing_hours.save_date_hours(
                w.session, who, schedule.HoursOfDate(id, a.DAY, (WINDOW,)), now=NOW
            ),
        ),
    ),
    "changing_hours.usual_hours_again": (
        About(
            "professional",
            lambda w, who, id: changing_hours.usual_hours_again(w.session, who, id, a.DAY, now=NOW),
        ),
    ),
    "schedule.on_record.load_date_hours": (
        About(
            "professional",
            lambda w, who, id: tuple(schedule.load_date_hours(w.session, who, id, a.DAY)),
        ),
    ),
    "schedule.on_record.load_openings": (
        About(
            "professional",
            lambda w, who, id: tuple(schedule.load_openings(w.session, who, id, now=NOW)),
        ),
    ),
    "changing_hours.save_weekly_hours": (
        About(
            "professional",
            lambda w, who, id: changing_hours.save_weekly_hours(
                w.session, who, schedule.WeeklyHours(id, WEEK), now=NOW
            ),
        ),
    ),
    "changing_hours.take_back_weekly_hours": (
        About(
            "professional",
            lambda w, who, id: changing_hours.take_back_weekly_hours(
                w.session, who, schedule.UndoHours(id, hours_saved(w, id)), now=NOW
            ),
        ),
    ),
    "changing_hours.load_left_outside": (
        Plain(lambda w, who: changing_hours.load_left_outside(w.session, who, now=NOW)),
    ),
    "schedule.changes.undo_weekly_hours": (
        About(
            "professional",
            lambda w, who, id: schedule.undo_weekly_hours(
                w.session, who, schedule.UndoHours(id, hours_saved(w, id)), now=NOW
            ),
        ),
    ),
    "schedule.on_record.find_calendar": (
        About("professional", lambda w, who, id: on_record.find_calendar(w.session, who, id)),
    ),
    "schedule.on_record.load_weekly_hours": (
        About(
            "professional",
            lambda w, who, id: schedule.load_weekly_hours(w.session, who, id, a.DAY),
        ),
    ),
    "what_if.preview_weekly_hours": (
        About(
            "professional",
            lambda w, who, id: what_if.preview_weekly_hours(
                w.session, who, schedule.WeeklyHours(id, WEEK), now=NOW
            ),
        ),
    ),
    "what_if.what_if": (
        About(
            "professional",
            lambda w, who, id: what_if.what_if(
                w.session, who, what_if.WhatIfAsked(id, a.DAY, a.DAY), now=NOW
            ),
        ),
    ),
    "desk.load_columns": (
        Listing(
            "professional",
            lambda w, who: {each.id for each in desk.load_columns(w.session, who, DAY)},
        ),
    ),
    "history.day_as_of": (
        Listing(
            "booking",
            lambda w, who: {
                each.booking_id for each in history.day_as_of(w.session, who, a.DAY, NOW)
            },
        ),
    ),
    "week.load_week": (
        Listing(
            "booking",
            lambda w, who: {
                each.id for each in week.load_week(w.session, who, a.DAY, now=NOW).bookings
            },
        ),
    ),
    "own_month.load_own_month": (
        Plain(lambda w, who: own_month.load_own_month(w.session, who, a.DAY, now=NOW)),
    ),
    "week.get_own_calendar": (
        Listing("professional", lambda w, who: {week.get_own_calendar(w.session, who).id}),
    ),
    "week.load_week_of": (
        About(
            "professional",
            lambda w, who, id: week.load_week_of(
                w.session, who, week.WeekAsked(id, a.DAY, w.visit.id), now=NOW
            ),
        ),
    ),
    "practice.load_closures": (
        Plain(lambda w, who: practice.load_closures(w.session, who, since=a.DAY)),
    ),
    "practice.load_days_at_work": (
        Plain(lambda w, who: practice.load_days_at_work(w.session, who, a.DAY)),
    ),
    "practice.load_hours": (
        Plain(lambda w, who: practice.load_hours(w.session, who, w.ada.id, a.DAY)),
    ),
    "schedule.hours.clear_date_hours": (
        About(
            "professional",
            lambda w, who, id: schedule.clear_date_hours(w.session, who, id, a.DAY, now=NOW),
        ),
    ),
    "schedule.hours.close_date": (
        About(
            "professional",
            lambda w, who, id: schedule.close_date(w.session, who, id, a.DAY, now=NOW),
        ),
    ),
    "schedule.hours.set_date_hours": (
        About(
            "professional",
            lambda w, who, id: schedule.set_date_hours(
                w.session, who, schedule.HoursOfDate(id, a.DAY, (WINDOW,)), now=NOW
            ),
        ),
    ),
    "schedule.hours.set_weekly_hours": (
        About(
            "professional",
            lambda w, who, id: schedule.set_weekly_hours(
                w.session, who, schedule.WeeklyHours(id, WEEK), now=NOW
            ),
        ),
    ),
    "schedule.openings.publish_opening": (
        About(
            "professional",
            lambda w, who, id: schedule.publish_opening(
                w.session, who, schedule.NewOpening(id, a.at(20), a.at(21)), now=NOW
            ),
        ),
    ),
    "schedule.openings.withdraw_opening": (
        About(
            "opening",
            lambda w, who, id: schedule.withdraw_opening(w.session, who, id, now=NOW),
        ),
    ),
    "running_late.load_late": (
        Listing(
            "professional",
            lambda w, who: {each.professional_id for each in all_late(w, who)},
        ),
    ),
    "running_late.say_late": (
        About(
            "professional",
            lambda w, who, id: running_late.say_late(w.session, who, id, 20, now=NOW),
        ),
    ),
    "running_late.say_on_time": (
        About(
            "professional",
            lambda w, who, id: running_late.say_on_time(w.session, who, id, now=NOW),
        ),
    ),
    "running_late.note_told": (
        About(
            "booking",
            lambda w, who, id: running_late.note_told(
                w.session,
                who,
                running_late.ToldRequest(id, version(w, Booking, id), a.at(16)),
                now=NOW,
            ),
        ),
    ),
    "running_late.take_back_told": (
        About(
            "booking",
            lambda w, who, id: running_late.take_back_told(
                w.session, who, id, version(w, Booking, id), now=NOW
            ),
        ),
    ),
    "schedule.absence.enter_time_off": (
        About(
            "professional",
            lambda w, who, id: schedule.enter_time_off(
                w.session, who, schedule.NewTimeOff(id, a.at(16), a.at(17)), now=NOW
            ),
        ),
    ),
    "schedule.absence.remove_time_off": (
        About(
            "time_off",
            lambda w, who, id: schedule.remove_time_off(w.session, who, id, now=NOW),
        ),
    ),
    "public_holidays.import_holidays": (
        Plain(
            lambda w, who: public_holidays.import_holidays(
                w.session, who, public_holidays.HolidaysAsked("PT", (2027,)), now=NOW
            )
        ),
    ),
    "schedule.absence.add_closure": (
        Plain(
            lambda w, who: schedule.add_closure(
                w.session, who, schedule.NewClosure(a.DAY, a.DAY, "Feast"), now=NOW
            )
        ),
    ),
    "schedule.absence.put_back_time_off": (
        About(
            "time_off",
            lambda w, who, id: schedule.put_back_time_off(
                w.session, who, taken_away(w, schedule.remove_time_off, TimeOff, id), now=NOW
            ),
        ),
    ),
    "schedule.openings.put_back_opening": (
        About(
            "opening",
            lambda w, who, id: schedule.put_back_opening(
                w.session, who, taken_away(w, schedule.withdraw_opening, Opening, id), now=NOW
            ),
        ),
    ),
    "schedule.absence.put_back_closure": (
        About(
            "closure",
            lambda w, who, id: schedule.put_back_closure(
                w.session, who, taken_away(w, schedule.remove_closure, Closure, id), now=NOW
            ),
        ),
    ),
    "schedule.absence.remove_closure": (
        About(
            "closure",
            lambda w, who, id: schedule.remove_closure(w.session, who, id, now=NOW),
        ),
    ),
}

CATALOG = {
    "catalog.offers.load_offered": (Plain(lambda w, who: catalog.load_offered(w.session, who)),),
    "catalog.professionals.load_professional": (
        Plain(lambda w, who: catalog.load_professional(w.session, who, w.ada.id)),
    ),
    "catalog.professionals.load_professionals": (
        Plain(lambda w, who: catalog.load_professionals(w.session, who)),
    ),
    "directory.finding.find": (
        Plain(lambda w, who: directory.find(w.session, who, directory.Sought(), now=NOW)),
    ),
    "directory.profiles.get_profile": (
        Plain(lambda w, who: directory.get_profile(w.session, who, w.ada.id)),
    ),
    "directory.profiles.load_offering": (
        Plain(lambda w, who: directory.load_offering(w.session, who, w.visit.id)),
    ),
    "directory.profiles.load_tags": (Plain(lambda w, who: directory.load_tags(w.session, who)),),
    "searches.describe": (
        Plain(
            lambda w, who: searches.describe(
                w.session, who, SearchMade(next_free.NextAsked(w.visit.id)), now=NOW
            )
        ),
    ),
    "directory.times.free_times": (
        Plain(
            lambda w, who: directory.free_times(
                w.session, who, directory.TimesAsked(w.ada.id, w.visit.id), now=NOW
            )
        ),
    ),
    "catalog.archive.archive_professional": (
        About(
            "professional",
            lambda w, who, id: catalog.archive_professional(
                w.session, who, a.professional(w.session).id if id != MISSING else id, 1, now=NOW
            ),
        ),
    ),
    "catalog.archive.archive_room": (
        About("room", lambda w, who, id: catalog.archive_room(w.session, who, id, 1, now=NOW)),
    ),
    "catalog.archive.archive_service": (
        About(
            "spare",
            lambda w, who, id: catalog.archive_service(w.session, who, id, 1, now=NOW),
        ),
    ),
    "catalog.archive.load_archived": (
        Plain(lambda w, who: catalog.load_archived(w.session, who, Room)),
    ),
    "catalog.archive.restore": (
        About("room", lambda w, who, id: catalog.restore(w.session, who, Room, id, now=NOW)),
    ),
    "catalog.offers.offer_service": (
        About(
            "professional",
            lambda w, who, id: catalog.offer_service(
                w.session, who, catalog.OfferedService(id, w.spare.id), now=NOW
            ),
        ),
    ),
    "catalog.offers.set_offers": (
        About(
            "professional",
            lambda w, who, id: catalog.set_offers(
                w.session, who, catalog.ServicesOffered(id, ()), now=NOW
            ),
        ),
    ),
    "catalog.offers.withdraw_service_offer": (
        About(
            "professional",
            lambda w, who, id: catalog.withdraw_service_offer(
                w.session, who, id, w.visit.id, now=NOW
            ),
        ),
    ),
    "catalog.logos.set_logo": (
        Plain(lambda w, who: catalog.set_logo(w.session, who, LOGO, now=NOW)),
    ),
    "catalog.logos.remove_logo": (
        Plain(lambda w, who: catalog.remove_logo(with_logo(w).session, who, now=NOW)),
    ),
    "catalog.place.edit_organisation": (
        Plain(
            lambda w, who: catalog.edit_organisation(
                w.session,
                who,
                catalog.EditedOrganisation(
                    catalog.get_organisation(w.session).version,
                    catalog.OrganisationDetails("Rua Velha Practice", a.ZONE, "PT", "EUR"),
                ),
                now=NOW,
            )
        ),
    ),
    "catalog.place.let_patients_book": (
        Plain(
            lambda w, who: catalog.let_patients_book(
                w.session,
                who,
                catalog.PatientsBook(catalog.get_organisation(w.session).version, False, True, 2),
                now=NOW,
            )
        ),
    ),
    "registering.let_patients_register": (
        Plain(
            lambda w, who: registering.let_patients_register(
                w.session,
                who,
                registering.RegisterSwitch(catalog.get_organisation(w.session).version, False),
                from_environment({}),
                now=NOW,
            )
        ),
    ),
    "catalog.place.set_up_organisation": (
        Plain(
            lambda w, who: catalog.set_up_organisation(
                w.session,
                who,
                catalog.OrganisationDetails("Rua Velha", a.ZONE, "PT", "EUR"),
                now=NOW,
            )
        ),
    ),
    "catalog.professionals.add_professional": (
        Plain(
            lambda w, who: catalog.add_professional(
                w.session, who, catalog.NewProfessional("Dr Cleo"), now=NOW
            )
        ),
    ),
    "catalog.professionals.edit_professional": (
        About(
            "professional",
            lambda w, who, id: catalog.edit_professional(
                w.session,
                who,
                catalog.EditedProfessional(id, 1, catalog.NewProfessional("Dr Cleo")),
                now=NOW,
            ),
        ),
    ),
    "catalog.expertise.edit_expertise": (
        About(
            "expertise",
            lambda w, who, id: catalog.edit_expertise(
                w.session,
                who,
                catalog.EditedExpertise(id, "Heart", ("Cardiac",), known_tag(w, id)),
                now=NOW,
            ),
        ),
    ),
    "catalog.expertise.load_vocabulary": (
        Plain(lambda w, who: catalog.load_vocabulary(w.session, who)),
    ),
    "catalog.expertise.merge_expertise": (
        About(
            "expertise",
            lambda w, who, id: catalog.merge_expertise(
                w.session, who, catalog.MergedExpertise(w.knees.id, id), now=NOW
            ),
        ),
    ),
    "catalog.offers.set_who_offers": (
        About(
            "spare",
            lambda w, who, id: catalog.set_who_offers(
                w.session,
                who,
                catalog.WhoOffers(id, (), (catalog.OfferedService(w.ada.id, id),)),
                now=NOW,
            ),
        ),
    ),
    "catalog.offers.set_terms": (
        About(
            "professional",
            lambda w, who, id: catalog.set_terms(
                w.session,
                who,
                catalog.ChangedTerms(
                    id,
                    (catalog.Terms(w.visit.id, None, None),),
                    (catalog.Terms(w.visit.id, 45, 100),),
                ),
                now=NOW,
            ),
        ),
    ),
    "catalog.portraits.remove_portrait": (
        About(
            "professional",
            lambda w, who, id: catalog.remove_portrait(w.session, who, pictured(w, id), now=NOW),
        ),
    ),
    "catalog.portraits.set_portrait": (
        About(
            "professional",
            lambda w, who, id: catalog.set_portrait(
                w.session, who, catalog.NewPortrait(id, FACE), now=NOW
            ),
        ),
    ),
    "catalog.reasons.add_reason": (
        Plain(
            lambda w, who: catalog.add_reason(
                w.session,
                who,
                catalog.NewReason(ReasonKind.CANCEL, catalog.ReasonDetails("Moved away")),
                now=NOW,
            )
        ),
    ),
    "catalog.reasons.archive_reason": (
        About("reason", lambda w, who, id: catalog.archive_reason(w.session, who, id, 1, now=NOW)),
    ),
    "catalog.reasons.edit_reason": (
        About(
            "reason",
            lambda w, who, id: catalog.edit_reason(
                w.session,
                who,
                catalog.EditedReason(id, 1, catalog.ReasonDetails("Moved away")),
                now=NOW,
            ),
        ),
    ),
    "catalog.reasons.move_reason": (
        About(
            "reason",
            lambda w, who, id: catalog.move_reason(
                w.session, who, catalog.MovedReason(id, 1, up=False), now=NOW
            ),
        ),
    ),
    "catalog.tiers.add_tier": (
        Plain(lambda w, who: catalog.add_tier(w.session, who, catalog.NewTier("Gold"), now=NOW)),
    ),
    "catalog.tiers.count_by_tier": (Plain(lambda w, who: catalog.count_by_tier(w.session, who)),),
    "catalog.tiers.edit_tier": (
        About(
            "tier",
            lambda w, who, id: catalog.edit_tier(
                w.session, who, catalog.EditedTier(id, 1, catalog.NewTier("Gold")), now=NOW
            ),
        ),
    ),
    "catalog.tiers.remove_tier": (
        About("tier", lambda w, who, id: catalog.remove_tier(w.session, who, id, 1, now=NOW)),
    ),
    "directory.portraits.get_portrait": (
        Plain(lambda w, who: get_portrait(w.session, who, key_of(w, w.ada.id))),
    ),
    "catalog.professionals.edit_profile": (
        About(
            "professional",
            lambda w, who, id: catalog.edit_profile(
                w.session,
                who,
                catalog.EditedProfile(id, 1, catalog.Profile(bio="Since 1999.")),
                now=NOW,
            ),
        ),
    ),
    "catalog.professionals.tag_expertise": (
        About(
            "professional",
            lambda w, who, id: catalog.tag_expertise(
                w.session, who, catalog.ExpertiseTags(id, ("Knees",)), now=NOW
            ),
        ),
    ),
    "catalog.rooms.add_room": (
        Plain(lambda w, who: catalog.add_room(w.session, who, catalog.NewRoom("Blue"), now=NOW)),
    ),
    "catalog.rooms.edit_room": (
        About(
            "room",
            lambda w, who, id: catalog.edit_room(
                w.session, who, catalog.EditedRoom(id, 1, "Blue"), now=NOW
            ),
        ),
    ),
    "catalog.services.add_service": (
        Plain(
            lambda w, who: catalog.add_service(
                w.session, who, catalog.NewService("New", 30), now=NOW
            )
        ),
    ),
    "catalog.services.edit_service": (
        About(
            "service",
            lambda w, who, id: catalog.edit_service(
                w.session,
                who,
                catalog.EditedService(id, 1, catalog.NewService("New", 30)),
                now=NOW,
            ),
        ),
    ),
    "practice.find_missing": (Plain(lambda w, who: practice.find_missing(w.session, who)),),
    "analytics.behind.load_behind": (
        Listing(
            "booking",
            lambda w, who: {
                each.id for each in load_behind(w.session, who, BEHIND_THE_HOURS, now=NOW).bookings
            },
        ),
    ),
    "analytics.files.figure_table": (
        Plain(lambda w, who: figure_table(w.session, who, FIGURE, now=NOW)),
    ),
    "analytics.forecast.forecast": (
        Plain(lambda w, who: analytics.forecast(w.session, who, OF_THE_DAY, now=NOW)),
    ),
    "analytics.demand.all_made": (
        Plain(lambda w, who: analytics.all_made(w.session, who, OF_THE_DAY)),
    ),
    "analytics.demand.all_waited": (
        Plain(lambda w, who: analytics.all_waited(w.session, who, OF_THE_DAY)),
    ),
    "analytics.demand.made": (
        Plain(lambda w, who: analytics.made(w.session, who, OF_THE_DAY, analytics.By.CHANNEL)),
    ),
    "analytics.demand.waited": (
        Plain(lambda w, who: analytics.waited(w.session, who, OF_THE_DAY, analytics.By.HOUR)),
    ),
    "analytics.demand.waiting_list": (
        Plain(lambda w, who: analytics.waiting_list(w.session, who, OF_THE_DAY)),
    ),
    "analytics.searches.all_searches": (
        Plain(lambda w, who: analytics.all_searches(w.session, who, OF_THE_DAY)),
    ),
    "analytics.searches.searches": (
        Plain(lambda w, who: analytics.searches(w.session, who, OF_THE_DAY, analytics.By.SERVICE)),
    ),
    "monthly_report.counting.check_may_report": (
        Plain(lambda w, who: monthly_report.check_may_report(w.session, who, LAST_MONTH, now=NOW)),
    ),
    "monthly_report.counting.load_monthly_report": (
        Plain(
            lambda w, who: monthly_report.load_monthly_report(w.session, who, LAST_MONTH, now=NOW)
        ),
    ),
    "analytics.hours.gaps": (
        Listing(
            "professional",
            lambda w, who: {
                each.professional_id for each in analytics.gaps(w.session, who, OF_THE_DAY, now=NOW)
            },
        ),
    ),
    "analytics.hours.utilisation_hours": (
        Plain(lambda w, who: analytics.utilisation_hours(w.session, who, OF_THE_DAY, now=NOW)),
    ),
    "analytics.people.people": (
        Plain(lambda w, who: analytics.people(w.session, who, OF_THE_DAY, now=NOW)),
    ),
    "analytics.worth.all_worth": (
        Plain(lambda w, who: analytics.all_worth(w.session, who, OF_THE_DAY, now=NOW)),
    ),
    "analytics.worth.worth": (
        Listing(
            "professional",
            lambda w, who: {
                each.key
                for each in analytics.worth(
                    w.session, who, OF_THE_DAY, analytics.By.PROFESSIONAL, now=NOW
                )
            },
        ),
    ),
    "analytics.own.latest_bookings": (
        Listing(
            "booking",
            lambda w, who: {
                each.booking.id
                for each in analytics.latest_bookings(w.session, who, now=NOW, limit=99)
            },
        ),
    ),
    "analytics.own.own_numbers": (
        Plain(
            lambda w, who: analytics.own_numbers(
                w.session, who, analytics.OwnAsked(analytics.By.WEEK, a.DAY, 2), now=NOW
            )
        ),
    ),
    "analytics.quiet.find_quiet": (
        Plain(lambda w, who: analytics.find_quiet(w.session, who, OF_THE_DAY, [AT_WORK], now=NOW)),
    ),
    "analytics.refilled.refilled": (
        Plain(lambda w, who: analytics.refilled(w.session, who, OF_THE_DAY)),
    ),
    "analytics.seats.all_seats": (
        Plain(lambda w, who: analytics.all_seats(w.session, who, OF_THE_DAY, now=NOW)),
    ),
    "analytics.seats.seats": (
        Listing(
            "professional",
            lambda w, who: {
                each.key
                for each in analytics.seats(
                    w.session, who, OF_THE_DAY, analytics.By.PROFESSIONAL, now=NOW
                )
            },
        ),
    ),
    "analytics.utilisation.utilisation": (
        Listing(
            "professional",
            lambda w, who: {
                each.professional_id
                for each in analytics.utilisation(w.session, who, OF_THE_DAY, now=NOW)
            },
        ),
    ),
}

PEOPLE = {
    "accounts.addresses.change_email": (
        About(
            "user",
            lambda w, who, id: change_email(
                w.session, who, NewEmail(*user_row(w, id), "new@example.org"), now=NOW
            ),
        ),
    ),
    "accounts.own_sessions.end_all_sessions": (
        Plain(lambda w, who: accounts.end_all_sessions(w.session, who, now=NOW)),
    ),
    "accounts.own_sessions.end_sessions_of": (
        About(
            "user",
            lambda w, who, id: accounts.end_sessions_of(w.session, who, id, now=NOW),
        ),
    ),
    "accounts.users.activate_user": (
        About(
            "user",
            lambda w, who, id: accounts.activate_user(w.session, who, *user_row(w, id), now=NOW),
        ),
    ),
    "accounts.users.create_user": (
        Plain(
            lambda w, who: accounts.create_user(
                w.session,
                who,
                accounts.NewUser("eva", "Eva", Role.RECEPTIONIST, PasswordHash("")),
                now=NOW,
            )
        ),
    ),
    "accounts.users.deactivate_user": (
        About(
            "user",
            lambda w, who, id: accounts.deactivate_user(
                w.session, who, *(user_row(w, id if id == MISSING else w.other.user_id)), now=NOW
            ),
        ),
    ),
    "accounts.users.edit_user": (
        About(
            "user",
            lambda w, who, id: accounts.edit_user(
                w.session,
                who,
                accounts.EditedUser(
                    *user_row(w, id if id == MISSING else w.other.user_id),
                    "Eva",
                    Role.RECEPTIONIST,
                ),
                now=NOW,
            ),
        ),
    ),
    "accounts.users.get_user": (
        About("user", lambda w, who, id: accounts.get_user(w.session, who, id)),
    ),
    "accounts.people.load_people": (
        Plain(lambda w, who: accounts.load_people(w.session, who, accounts.PeopleAsked())),
    ),
    "activation.invite_user": (
        Plain(
            lambda w, who: activation.invite_user(
                w.session,
                who,
                activation.Invitation("eva", "Eva", Role.RECEPTIONIST),
                now=NOW,
            )
        ),
    ),
    "activation.renew_link": (
        About("user", lambda w, who, id: activation.renew_link(w.session, who, id, now=NOW)),
    ),
    "outbox.count_messages": (Plain(lambda w, who: outbox.count_messages(w.session, who)),),
    "outbox.load_messages": (
        Plain(lambda w, who: outbox.load_messages(w.session, who, MessageState.FAILED)),
    ),
    "outbox.send_again": (
        About("message", lambda w, who, id: outbox.send_again(w.session, who, id, now=NOW)),
    ),
    "second_step_set_up.is_required": (
        Plain(lambda w, who: second_step_set_up.is_required(w.session, who)),
    ),
    "second_step_set_up.leave_to_staff": (
        Plain(lambda w, who: second_step_set_up.leave_to_staff(w.session, who, now=NOW)),
    ),
    "second_step_set_up.load_who_has_it": (
        Plain(lambda w, who: second_step_set_up.load_who_has_it(w.session, who)),
    ),
    "second_step_set_up.require_of_staff": (
        Plain(lambda w, who: second_step_set_up.require_of_staff(w.session, who, now=NOW)),
    ),
    "second_step_set_up.reset": (
        Plain(
            lambda w, who: second_step_set_up.reset(w.session, who, with_second_step(w), now=NOW)
        ),
    ),
    "accounts.own_sessions.end_session": (
        About("session", lambda w, who, id: accounts.end_session(w.session, who, id, now=NOW)),
    ),
    "accounts.own_sessions.load_sessions": (
        About("user", lambda w, who, id: accounts.load_sessions(w.session, who, id, now=NOW)),
    ),
}

RECORD = {
    "audit_trail.check_chain": (Plain(lambda w, who: audit_trail.check_chain(w.session, who)),),
    "audit_trail.load_people": (Plain(lambda w, who: audit_trail.load_people(w.session, who)),),
    "audit_trail.load_trail": (
        Plain(lambda w, who: audit_trail.load_trail(w.session, who, audit_trail.TrailAsked())),
    ),
    "exceptional_access.load_not_noted": (
        Plain(lambda w, who: exceptional_access.load_not_noted(w.session, who)),
    ),
    "exceptional_access.note_access": (
        About(
            "access",
            lambda w, who, id: exceptional_access.note_access(w.session, who, id, now=NOW),
        ),
    ),
}


ATTEMPTS = BOOKINGS | WAITING | DESK | PATIENTS | HOURS | CATALOG | PEOPLE | RECORD
