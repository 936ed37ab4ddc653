"""Every verb that changes something leaves one audit entry, in its own transaction."""

import importlib
import inspect
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core import (
    catalog,
    changing_hours,
    holds,
    merging,
    patients,
    recalls,
    running_late,
    schedule,
    sick_day,
    visit_notes,
    waiting,
)
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
    mark,
    move,
    record_past,
    take_back_cancellation,
    take_back_confirmation,
    undo,
)
from core.booking.groups import SeatMark, SeatRequest, join, leave, mark_seat
from core.models import AuditEntry, BookingState, Expertise, ReasonKind, Role, Room
from core.schedule import DayWindow, WeekdayWindow
from tests import a

MODULES = (
    "core.booking",
    "core.booking.groups",
    "core.catalog",
    "core.changing_hours",
    "core.holds",
    "core.merging",
    "core.patients",
    "core.recalls",
    "core.running_late",
    "core.schedule",
    "core.sick_day",
    "core.visit_notes",
    "core.waiting",
)
NOT_VERBS = ("find_", "get_", "load_", "_", "fitting_", "gaps_", "next_", "preview_", "propose_")
NOT_ALONE = {
    "core.booking.groups.give_up_own_seat": "what cancel does for a patient in a group",
    "core.booking.groups.take_seat_back": "what undo does for a seat that was left",
    "core.patients.edit_own_contact": "a patient's own form: tried in test_patients",
}
LEFT_OUT = {
    "core.holds.hold": "a hold was never a booking: nothing of it is kept",
    "core.holds.extend_hold": "a hold was never a booking: nothing of it is kept",
    "core.booking.record_past": "the import makes one entry for all it takes over",
}
TWO = {
    "core.booking.book_back_to_back": "each of the two bookings",
    "core.changing_hours.save_weekly_hours": "the hours, and the visit they strand",
    "core.waiting.accept": "the booking, and the offer that led to it",
}


def changing_verbs():
    """Public functions of a session, somebody, and a present: those that change something."""
    for module in map(importlib.import_module, MODULES):
        for name in getattr(module, "__all__", vars(module)):
            verb = getattr(module, name)
            if not inspect.isfunction(verb) or not verb.__module__.startswith(module.__name__):
                continue
            parameters = list(inspect.signature(verb).parameters)
            is_asked_by_somebody = parameters[:2] == ["session", "actor"]
            if is_asked_by_somebody and "now" in parameters and not name.startswith(NOT_VERBS):
                yield f"{module.__name__}.{name}"


class Desk:
    """A place where everything can be done once."""

    def __init__(self, session):
        self.session = session
        self.admin = a.actor(session, Role.ADMIN)
        self.visit = a.service(session, name="Visit")
        self.group = a.service(session, name="Group", seats=2, length_minutes=60)
        self.spare = a.service(session, name="Spare")
        self.ada = a.professional(session, services=(self.visit, self.group))
        self.room = a.room(session)
        self.ana, self.bea = a.patient(session), a.patient(session)

    def request(self, hour, service=None, patient=None):
        service, patient = service or self.visit, patient or self.ana
        return BookingRequest(self.ada.id, service.id, patient.id, a.at(hour), f"key {hour}")

    def booked(self, hour=9, **values):
        return book(self.session, self.admin, self.request(hour, **values), now=a.BEFORE)

    def grouped(self):
        return self.booked(13, service=self.group)


def with_booking(verb, make):
    """Prepare a booking; the verb is then done to it."""

    def prepared(desk):
        booking = desk.booked()
        return verb, make(desk, booking)

    return prepared


def cancelled(desk):
    booking = desk.booked()
    cancel(desk.session, desk.admin, CancelRequest(booking.id, 1, "ill"), now=a.BEFORE)
    return undo, (UndoRequest(booking.id, booking.version),)


def just_cancelled(desk):
    booking = desk.booked()
    cancel(desk.session, desk.admin, CancelRequest(booking.id, 1, "ill"), now=a.at(8))
    return take_back_cancellation, (UndoRequest(booking.id, booking.version),)


def confirmed(desk):
    asked = ConfirmRequest(desk.booked().id, 1, desk.ana.id)
    confirm_by_phone(desk.session, desk.admin, asked, now=a.BEFORE)
    return take_back_confirmation, (asked,)


def told_late(desk):
    booking = desk.booked()
    asked = running_late.ToldRequest(booking.id, 1, a.at(9.5))
    running_late.note_told(desk.session, desk.admin, asked, now=a.BEFORE)
    return running_late.take_back_told, (booking.id, 1)


def seated(desk):
    group = desk.grouped()
    join(desk.session, desk.admin, SeatRequest(group.id, group.version, desk.bea.id), now=a.BEFORE)
    return leave, (SeatRequest(group.id, group.version, desk.bea.id),)


def waits(desk):
    """Ana on the waiting list."""
    request = waiting.NewEntry(desk.ana.id, waiting.Wishes(desk.visit.id), "waits")
    return waiting.add(desk.session, desk.admin, request, now=a.BEFORE)


def offered(desk):
    request = waiting.OfferRequest(waits(desk).id, 1, desk.ada.id, a.at(9))
    return waiting.offer(desk.session, desk.admin, request, now=a.BEFORE).id


def stranded(desk):
    """Ana's visit, with Dr Ada away."""
    booking = desk.booked()
    asked = schedule.NewTimeOff(desk.ada.id, a.at(8), a.at(12))
    away = schedule.enter_time_off(desk.session, desk.admin, asked, now=a.BEFORE)
    desk.session.flush()
    return away.id, booking


def moved_instead(desk):
    away, booking = stranded(desk)
    return sick_day.move_stranded, (
        sick_day.MoveInstead(away, booking.id, 1, desk.ada.id, a.at(14)),
    )


def cancelled_instead(desk):
    away, booking = stranded(desk)
    return sick_day.cancel_stranded, (away, booking.id, 1)


def skipped(desk):
    away, booking = stranded(desk)
    sick_day.skip(desk.session, desk.admin, away, booking.id, 0, now=a.BEFORE)
    worklist = sick_day.load_worklist(desk.session, desk.admin, away, now=a.BEFORE)
    return sick_day.undo_last, (away, worklist.undoable)


def waited_for(desk):
    waits(desk)
    return waiting.close_served, (desk.booked(),)


def noted(desk):
    """By the same person as the professional of the visit: no admin can."""
    own = replace(desk.admin, role=Role.PROFESSIONAL, professional_id=desk.ada.id)

    def verb(session, _admin, *asked, now):
        return visit_notes.write_note(session, own, *asked, now=now)

    return verb, (visit_notes.NoteRequest(desk.booked().id, 0, "Sleeps better"),)


def to_be_seen(desk):
    """Ana, a month after the made day."""
    due_on = a.DAY + timedelta(days=28)
    request = recalls.NewRecall(desk.ana.id, due_on, "recall", desk.visit.id)
    return recalls.add_recall(desk.session, desk.admin, request, now=a.BEFORE)


def with_logo(desk):
    """What is needed to take the logo away again."""
    catalog.set_logo(desk.session, desk.admin, catalog.PreparedLogo(b"a logo"), now=a.BEFORE)
    return ()


def pictured(desk):
    request = catalog.NewPortrait(desk.ada.id, catalog.Picture(b"a face"))
    catalog.set_portrait(desk.session, desk.admin, request, now=a.BEFORE)
    return desk.ada


def known_tag(desk, name):
    tag = Expertise(name=name)
    desk.session.add(tag)
    desk.session.flush()
    return tag.id


def renamed_tag(desk, name, new):
    id = known_tag(desk, name)
    return catalog.EditedExpertise(id, new, (name,), catalog.KnownExpertise(id, name, (), 0))


def first_reason(desk):
    return catalog.load_reasons(desk.session, ReasonKind.CANCEL)[0]


def not_wanted(desk):
    asked = (to_be_seen(desk).id, 1, "moved away")
    return recalls.close_recall(desk.session, desk.admin, *asked, now=a.at(8)).id


def both(desk):
    ana, bea = desk.ana, desk.bea
    ana.phone = "+351912345678"
    desk.session.flush()
    return merging.MergeRequest(ana.id, ana.version, bea.id, bea.version)


def united(desk):
    merging.merge(desk.session, desk.admin, both(desk), now=a.at(8))
    return merging.undo_merge, (desk.bea.id,)


def shorter_days(desk):
    """Hours that leave a visit without any."""
    desk.booked(16)
    return (schedule.WeeklyHours(desk.ada.id, (MORNING,)),)


def longer_days(desk):
    """Saved a moment ago, to be taken back."""
    asked = schedule.WeeklyHours(desk.ada.id, (MORNING,))
    saved = changing_hours.save_weekly_hours(desk.session, desk.admin, asked, now=a.at(8))
    return (schedule.UndoHours(desk.ada.id, saved.change_id),)


def later(desk):
    """An opening, to be at another time."""
    asked = schedule.NewOpening(desk.ada.id, a.at(18), a.at(20))
    opening = schedule.publish_opening(desk.session, desk.admin, asked, now=a.BEFORE)
    return schedule.ChangedOpening(opening.id, 1, a.at(19), a.at(21))


def absence(desk):
    return schedule.NewTimeOff(desk.ada.id, a.at(9, day=1), a.at(12, day=1))


def made(verb, *asked):
    """Prepare by the verb that adds it, for the one that removes it; the id comes next."""

    def prepared(desk):
        return verb(desk.session, desk.admin, *asked, now=a.BEFORE).id

    return prepared


def taken_away(verb, prepared):
    """The same, removed again, for the one that puts it back."""

    def gone(desk):
        id = prepared(desk)
        verb(desk.session, desk.admin, id, now=a.at(8))
        return id

    return gone


WINDOW = DayWindow(9 * 60, 12 * 60)
MORNING = WeekdayWindow(1, 9 * 60, 12 * 60)
CLOSURE = schedule.NewClosure(a.DAY, a.DAY, "Feast")
VISIT = catalog.NewService("Other", 30)

DOINGS = {
    "core.booking.book": lambda desk: (book, (desk.request(9),)),
    "core.booking.book_any": lambda desk: (
        book_any,
        (AnyRequest(desk.visit.id, desk.ana.id, a.at(9), "any"),),
    ),
    "core.booking.book_back_to_back": lambda desk: (
        book_back_to_back,
        (
            ChainRequest(
                ChainAsked(
                    (
                        Leg(desk.visit.id, desk.ana.id, desk.ada.id),
                        Leg(desk.visit.id, desk.bea.id, desk.ada.id),
                    ),
                    a.at(9),
                ),
                "chain",
            ),
        ),
    ),
    "core.booking.move": with_booking(
        move, lambda desk, each: (MoveRequest(each.id, 1, desk.ada.id, a.at(10)),)
    ),
    "core.booking.cancel": with_booking(
        cancel, lambda _desk, each: (CancelRequest(each.id, 1, "ill"),)
    ),
    "core.booking.mark": lambda desk: (
        mark,
        (MarkRequest(desk.booked().id, 1, BookingState.ARRIVED),),
    ),
    "core.booking.confirm_by_phone": with_booking(
        confirm_by_phone, lambda desk, each: (ConfirmRequest(each.id, 1, desk.ana.id),)
    ),
    "core.booking.take_back_confirmation": confirmed,
    "core.booking.undo": cancelled,
    "core.booking.take_back_cancellation": just_cancelled,
    "core.booking.record_past": lambda desk: (
        record_past,
        (
            RecordedBooking(
                desk.ada.id,
                desk.visit.id,
                desk.ana.id,
                a.at(9),
                a.at(9.5),
                BookingState.BOOKED,
                a.BEFORE,
                "past",
            ),
        ),
    ),
    "core.booking.groups.join": lambda desk: (
        join,
        (SeatRequest(desk.grouped().id, 1, desk.bea.id),),
    ),
    "core.booking.groups.leave": seated,
    "core.booking.groups.mark_seat": lambda desk: (
        mark_seat,
        (SeatMark(desk.grouped().id, 1, desk.ana.id, BookingState.ARRIVED),),
    ),
    "core.holds.hold": lambda desk: (
        holds.hold,
        (holds.HoldRequest(desk.ada.id, desk.visit.id, a.at(9), "hold"),),
    ),
    "core.holds.extend_hold": lambda _desk: (holds.extend_hold, (1,)),
    "core.patients.add_patient": lambda _desk: (
        patients.add_patient,
        (patients.NewPatient("Carla Dias", email="carla@example.org"),),
    ),
    "core.patients.edit_patient": lambda desk: (
        patients.edit_patient,
        (
            patients.EditedPatient(
                desk.ana.id, desk.ana.version, "Ana Dias", email="ana@example.org"
            ),
        ),
    ),
    "core.patients.change": lambda desk: (
        patients.change,
        (desk.ana, patients.NewPatient("Ana Dias", email="ana@example.org")),
    ),
    "core.merging.merge": lambda desk: (merging.merge, (both(desk),)),
    "core.merging.undo_merge": united,
    "core.merging.tell_apart": lambda desk: (
        merging.tell_apart,
        (merging.TellApartRequest(desk.ana.id, desk.bea.id),),
    ),
    "core.visit_notes.write_note": noted,
    "core.recalls.add_recall": lambda desk: (
        recalls.add_recall,
        (recalls.NewRecall(desk.ana.id, a.DAY + timedelta(days=180), "recall", desk.visit.id),),
    ),
    "core.recalls.note_call": lambda desk: (
        recalls.note_call,
        (to_be_seen(desk).id, 1, a.DAY + timedelta(days=1)),
    ),
    "core.recalls.close_recall": lambda desk: (
        recalls.close_recall,
        (to_be_seen(desk).id, 1, "moved away"),
    ),
    "core.recalls.reopen_recall": lambda desk: (recalls.reopen_recall, (not_wanted(desk),)),
    "core.recalls.close_met": lambda desk: (
        recalls.close_met,
        (desk.booked() if to_be_seen(desk) else None,),
    ),
    "core.catalog.add_professional": lambda _desk: (
        catalog.add_professional,
        (catalog.NewProfessional("Dr Cleo"),),
    ),
    "core.catalog.edit_professional": lambda desk: (
        catalog.edit_professional,
        (catalog.EditedProfessional(desk.ada.id, 1, catalog.NewProfessional("Dr Cleo")),),
    ),
    "core.catalog.archive_professional": lambda desk: (
        catalog.archive_professional,
        (desk.ada.id, 1),
    ),
    "core.catalog.edit_profile": lambda desk: (
        catalog.edit_profile,
        (catalog.EditedProfile(desk.ada.id, 1, catalog.Profile(bio="Since 1999.")),),
    ),
    "core.catalog.set_who_offers": lambda desk: (
        catalog.set_who_offers,
        (
            catalog.WhoOffers(
                desk.visit.id,
                (catalog.OfferedService(desk.ada.id, desk.visit.id),),
                (catalog.OfferedService(desk.ada.id, desk.visit.id, length_minutes=45),),
            ),
        ),
    ),
    "core.catalog.set_terms": lambda desk: (
        catalog.set_terms,
        (
            catalog.ChangedTerms(
                desk.ada.id,
                (catalog.Terms(desk.visit.id, None, None),),
                (catalog.Terms(desk.visit.id, 45, None),),
            ),
        ),
    ),
    "core.catalog.add_reason": lambda _desk: (
        catalog.add_reason,
        (catalog.NewReason(ReasonKind.CANCEL, catalog.ReasonDetails("Moved away")),),
    ),
    "core.catalog.edit_reason": lambda desk: (
        catalog.edit_reason,
        (catalog.EditedReason(first_reason(desk).id, 1, catalog.ReasonDetails("Moved away")),),
    ),
    "core.catalog.move_reason": lambda desk: (
        catalog.move_reason,
        (catalog.MovedReason(first_reason(desk).id, 1, up=False),),
    ),
    "core.catalog.archive_reason": lambda desk: (
        catalog.archive_reason,
        (first_reason(desk).id, 1),
    ),
    "core.catalog.add_tier": lambda _desk: (catalog.add_tier, (catalog.NewTier("Gold"),)),
    "core.catalog.edit_tier": lambda desk: (
        catalog.edit_tier,
        (catalog.EditedTier(a.tier(desk.session).id, 1, catalog.NewTier("Gold")),),
    ),
    "core.catalog.remove_tier": lambda desk: (
        catalog.remove_tier,
        (a.tier(desk.session).id, 1),
    ),
    "core.catalog.set_portrait": lambda desk: (
        catalog.set_portrait,
        (catalog.NewPortrait(desk.ada.id, catalog.Picture(b"a face")),),
    ),
    "core.catalog.remove_portrait": lambda desk: (
        catalog.remove_portrait,
        (pictured(desk).id,),
    ),
    "core.catalog.edit_expertise": lambda desk: (
        catalog.edit_expertise,
        (renamed_tag(desk, "Heart", "Cardiology"),),
    ),
    "core.catalog.merge_expertise": lambda desk: (
        catalog.merge_expertise,
        (catalog.MergedExpertise(known_tag(desk, "Cardiology"), known_tag(desk, "Heart")),),
    ),
    "core.catalog.tag_expertise": lambda desk: (
        catalog.tag_expertise,
        (catalog.ExpertiseTags(desk.ada.id, ("Knees",)),),
    ),
    "core.catalog.add_service": lambda _desk: (catalog.add_service, (VISIT,)),
    "core.catalog.edit_service": lambda desk: (
        catalog.edit_service,
        (catalog.EditedService(desk.spare.id, 1, VISIT),),
    ),
    "core.catalog.archive_service": lambda desk: (catalog.archive_service, (desk.spare.id, 1)),
    "core.catalog.offer_service": lambda desk: (
        catalog.offer_service,
        (catalog.OfferedService(desk.ada.id, desk.spare.id),),
    ),
    "core.catalog.set_offers": lambda desk: (
        catalog.set_offers,
        (
            catalog.ServicesOffered(
                desk.ada.id, (catalog.OfferedService(desk.ada.id, desk.visit.id),)
            ),
        ),
    ),
    "core.catalog.withdraw_service_offer": lambda desk: (
        catalog.withdraw_service_offer,
        (desk.ada.id, desk.visit.id),
    ),
    "core.catalog.add_room": lambda _desk: (catalog.add_room, (catalog.NewRoom("Blue"),)),
    "core.catalog.edit_room": lambda desk: (
        catalog.edit_room,
        (catalog.EditedRoom(desk.room.id, 1, "Blue"),),
    ),
    "core.catalog.archive_room": lambda desk: (catalog.archive_room, (desk.room.id, 1)),
    "core.catalog.restore": lambda desk: (
        catalog.restore,
        (
            Room,
            catalog.archive_room(desk.session, desk.admin, desk.room.id, 1, now=a.BEFORE).id,
        ),
    ),
    "core.catalog.set_logo": lambda _desk: (
        catalog.set_logo,
        (catalog.PreparedLogo(b"a logo"),),
    ),
    "core.catalog.remove_logo": lambda desk: (catalog.remove_logo, with_logo(desk)),
    "core.catalog.edit_organisation": lambda desk: (
        catalog.edit_organisation,
        (
            catalog.EditedOrganisation(
                catalog.get_organisation(desk.session).version,
                catalog.OrganisationDetails("Rua Velha Practice", a.ZONE, "PT", "EUR"),
            ),
        ),
    ),
    "core.catalog.let_patients_book": lambda desk: (
        catalog.let_patients_book,
        (catalog.PatientsBook(catalog.get_organisation(desk.session).version, False, True, 2),),
    ),
    "core.catalog.set_up_organisation": lambda _desk: (
        catalog.set_up_organisation,
        (catalog.OrganisationDetails("Rua Velha Practice", a.ZONE, "PT", "EUR"),),
    ),
    "core.running_late.say_late": lambda desk: (running_late.say_late, (desk.ada.id, 20)),
    "core.running_late.say_on_time": lambda desk: (
        running_late.say_on_time,
        (
            running_late.say_late(
                desk.session, desk.admin, desk.ada.id, 20, now=a.at(8)
            ).professional_id,
        ),
    ),
    "core.running_late.note_told": with_booking(
        running_late.note_told,
        lambda _desk, each: (running_late.ToldRequest(each.id, 1, a.at(9.5)),),
    ),
    "core.running_late.take_back_told": told_late,
    "core.schedule.add_closure": lambda _desk: (schedule.add_closure, (CLOSURE,)),
    "core.schedule.remove_closure": lambda desk: (
        schedule.remove_closure,
        (made(schedule.add_closure, CLOSURE)(desk),),
    ),
    "core.schedule.put_back_closure": lambda desk: (
        schedule.put_back_closure,
        (taken_away(schedule.remove_closure, made(schedule.add_closure, CLOSURE))(desk),),
    ),
    "core.schedule.put_back_time_off": lambda desk: (
        schedule.put_back_time_off,
        (taken_away(schedule.remove_time_off, made(schedule.enter_time_off, absence(desk)))(desk),),
    ),
    "core.schedule.put_back_opening": lambda desk: (
        schedule.put_back_opening,
        (
            taken_away(
                schedule.withdraw_opening,
                made(
                    schedule.publish_opening,
                    schedule.NewOpening(desk.ada.id, a.at(18), a.at(20)),
                ),
            )(desk),
        ),
    ),
    "core.schedule.enter_time_off": lambda desk: (schedule.enter_time_off, (absence(desk),)),
    "core.schedule.remove_time_off": lambda desk: (
        schedule.remove_time_off,
        (made(schedule.enter_time_off, absence(desk))(desk),),
    ),
    "core.schedule.set_weekly_hours": lambda desk: (
        schedule.set_weekly_hours,
        (schedule.WeeklyHours(desk.ada.id, (WeekdayWindow(1, 9 * 60, 12 * 60),)),),
    ),
    "core.schedule.undo_weekly_hours": lambda desk: (
        schedule.undo_weekly_hours,
        longer_days(desk),
    ),
    "core.changing_hours.save_weekly_hours": lambda desk: (
        changing_hours.save_weekly_hours,
        shorter_days(desk),
    ),
    "core.changing_hours.save_date_hours": lambda desk: (
        changing_hours.save_date_hours,
        (schedule.HoursOfDate(desk.ada.id, a.DAY, (WINDOW,)),),
    ),
    "core.changing_hours.usual_hours_again": lambda desk: (
        changing_hours.usual_hours_again,
        (desk.ada.id, a.DAY),
    ),
    "core.changing_hours.move_opening": lambda desk: (
        changing_hours.move_opening,
        (later(desk),),
    ),
    "core.schedule.change_opening": lambda desk: (schedule.change_opening, (later(desk),)),
    "core.changing_hours.drop_opening": lambda desk: (
        changing_hours.drop_opening,
        (later(desk).opening_id,),
    ),
    "core.changing_hours.take_back_weekly_hours": lambda desk: (
        changing_hours.take_back_weekly_hours,
        longer_days(desk),
    ),
    "core.schedule.set_date_hours": lambda desk: (
        schedule.set_date_hours,
        (schedule.HoursOfDate(desk.ada.id, a.DAY, (WINDOW,)),),
    ),
    "core.schedule.clear_date_hours": lambda desk: (
        schedule.clear_date_hours,
        (
            schedule.close_date(
                desk.session, desk.admin, desk.ada.id, a.DAY, now=a.BEFORE
            ).professional_id,
            a.DAY,
        ),
    ),
    "core.schedule.close_date": lambda desk: (schedule.close_date, (desk.ada.id, a.DAY)),
    "core.sick_day.take_next": lambda desk: (sick_day.take_next, (stranded(desk)[0],)),
    "core.sick_day.no_answer": lambda desk: (
        sick_day.no_answer,
        ((made := stranded(desk))[0], made[1].id, 0),
    ),
    "core.sick_day.skip": lambda desk: (
        sick_day.skip,
        ((made := stranded(desk))[0], made[1].id, 0),
    ),
    "core.sick_day.move_stranded": moved_instead,
    "core.sick_day.cancel_stranded": cancelled_instead,
    "core.sick_day.undo_last": skipped,
    "core.waiting.add": lambda desk: (
        waiting.add,
        (waiting.NewEntry(desk.ana.id, waiting.Wishes(desk.visit.id), "new"),),
    ),
    "core.waiting.edit": lambda desk: (
        waiting.edit,
        (waiting.EditedEntry(waits(desk).id, 1, waiting.Wishes(desk.visit.id, note="soon")),),
    ),
    "core.waiting.close": lambda desk: (waiting.close, (waits(desk).id, 1, "moved away")),
    "core.waiting.reopen": lambda desk: (
        waiting.reopen,
        (waiting.close(desk.session, desk.admin, waits(desk).id, 1, "moved away", now=a.at(8)).id,),
    ),
    "core.waiting.close_served": waited_for,
    "core.waiting.offer": lambda desk: (
        waiting.offer,
        (waiting.OfferRequest(waits(desk).id, 1, desk.ada.id, a.at(9)),),
    ),
    "core.waiting.accept": lambda desk: (waiting.accept, (offered(desk),)),
    "core.waiting.decline": lambda desk: (waiting.decline, (offered(desk),)),
    "core.waiting.no_answer": lambda desk: (waiting.no_answer, (offered(desk),)),
    "core.waiting.take_back": lambda desk: (waiting.take_back, (offered(desk),)),
    "core.schedule.publish_opening": lambda desk: (
        schedule.publish_opening,
        (schedule.NewOpening(desk.ada.id, a.at(18), a.at(20)),),
    ),
    "core.schedule.withdraw_opening": lambda desk: (
        schedule.withdraw_opening,
        (
            made(
                schedule.publish_opening,
                schedule.NewOpening(desk.ada.id, a.at(18), a.at(20)),
            )(desk),
        ),
    ),
}


def test_no_verb_is_left_untried():
    """T141"""
    assert set(changing_verbs()) == {*DOINGS, *NOT_ALONE}


def entries(session):
    session.flush()
    return session.scalar(select(func.count()).select_from(AuditEntry))


@pytest.mark.parametrize("name", DOINGS)
def test_a_change_leaves_one_entry_and_taken_back_leaves_none(session, name):
    """T141, T142"""
    desk = Desk(session)
    verb, asked = DOINGS[name](desk)
    before = entries(session)

    with session.begin_nested() as step:
        verb(session, desk.admin, *asked, now=a.at(8))
        assert entries(session) - before == (0 if name in LEFT_OUT else 2 if name in TWO else 1)
        step.rollback()

    assert entries(session) == before
