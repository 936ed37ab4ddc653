"""Who may call what: every function of the core that somebody asks, and what it takes.

What has no line here is not to be called with an actor; a test compares the lines with the
functions, and each line with what its function really does for every role.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from core.models import Role
from core.policy import GRANTS, Permission

P = Permission


class Answer(enum.StrEnum):
    """How a function answers those who have none of its permissions."""

    REFUSES = "refuses"
    FINDS_NOTHING = "finds nothing"
    OWN_ACCOUNT = "own account"
    """Everybody signed in, about themselves alone."""
    INNER = "inner"
    """Never asked by a screen: those who call it have asked before."""


class Reach(enum.StrEnum):
    NONE = "none"
    OWN = "own"
    """Their calendar, their patients, their record; the rest is as if it were not there."""
    ALL = "all"


@dataclass(frozen=True)
class Right:
    """Any one of the permissions will do."""

    answer: Answer
    permissions: tuple[Permission, ...] = ()

    def reach(self, role: Role) -> Reach:
        """How far somebody of that role gets: as far as the widest of their permissions."""
        granted = GRANTS[role] & set(self.permissions)
        if self.answer is Answer.OWN_ACCOUNT or (granted and granted <= OWN):
            return Reach.OWN
        return Reach.ALL if granted else Reach.NONE


OWN = frozenset(each for each in Permission if each.endswith("own"))


def _needs(*permissions: Permission) -> Right:
    return Right(Answer.REFUSES, permissions)


def _shows(*permissions: Permission) -> Right:
    return Right(Answer.FINDS_NOTHING, permissions)


ROWS: tuple[tuple[Right, tuple[str, ...]], ...] = (
    # bookings
    (
        _needs(P.BOOKINGS_WRITE, P.BOOKINGS_WRITE_OWN),
        (
            "availability.next_free.next_starts",
            "booking.placing.book",
            "booking.placing.find_booked",
            "booking.placing.move",
            "booking.progress.cancel",
            "booking.progress.take_back_cancellation",
            "holds.hold",
            "holds.release_hold",
            "recalls.close_met",
            "waiting.entries.close_served",
        ),
    ),
    (
        _needs(P.BOOKINGS_WRITE, P.BOOKINGS_MARK_OWN),
        (
            "booking.confirming.confirm_by_phone",
            "booking.confirming.take_back_confirmation",
            "booking.groups.mark_seat",
            "booking.progress.mark",
            "booking.progress.undo",
            "calls.load_calls",
            "day_board.load_board",
            "follow_up.propose_follow_ups",
            "running_late.load_late",
            "running_late.note_told",
            "running_late.take_back_told",
        ),
    ),
    (
        _needs(P.BOOKINGS_WRITE),
        (
            "booking.back_to_back.book_back_to_back",
            "booking.back_to_back.find_booked_chain",
            "booking.chain.next_chains",
            "booking.chain.preview_chain",
            "booking.groups.join",
            "booking.groups.leave",
            "booking.placing.book_any",
            "booking_line.meaning.understand",
            "booking_line.proposing.propose",
            "changing_hours.load_left_outside",
            "recalls.add_recall",
            "recalls.close_recall",
            "recalls.load_recalls",
            "recalls.note_call",
            "recalls.reopen_recall",
            "sick_day.proposing.propose_instead",
            "sick_day.steps.cancel_stranded",
            "sick_day.steps.move_stranded",
            "sick_day.steps.no_answer",
            "sick_day.steps.skip",
            "sick_day.steps.take_next",
            "sick_day.steps.undo_last",
            "sick_day.worklist.load_worklist",
            "waiting.entries.edit",
            "waiting.entries.reopen",
            "waiting.fitting.fitting_entries",
            "waiting.fitting.gaps_for_waiting",
            "waiting.offers.accept",
            "waiting.offers.decline",
            "waiting.offers.no_answer",
            "waiting.offers.offer",
            "waiting.offers.take_back",
            "walk_in.free_today",
            "walk_in.walk_in",
        ),
    ),
    (
        _needs(P.BOOKINGS_WRITE, P.PATIENTS_ASK_OWN),
        ("waiting.entries.add", "waiting.entries.close"),
    ),
    (
        _needs(P.BOOKINGS_WRITE, P.SERIES_WRITE_OWN),
        (
            "series.booking.book_series",
            "series.booking.preview_series",
            "series.changing.cancel_series",
            "series.changing.move_series",
            "series.changing.preview_move",
            "series.undoing.undo_series",
        ),
    ),
    (
        _shows(P.BOOKINGS_READ, P.BOOKINGS_READ_OWN),
        (
            "booking.confirming.load_confirmed",
            "booking.ledger.get_booking",
            "calendar_file.visit_file",
            "desk.load_day_bookings",
            "overrides.load_overrides_of",
            "schedule_check.load_visits_to_come",
            "series.changing.load_series",
            "series.changing.to_come",
            "series.undoing.load_undoable",
            "week.find_next_visit",
        ),
    ),
    (
        _needs(P.NOTES_WRITE_OWN),
        (
            "visit_notes.load_note",
            "visit_notes.write_note",
        ),
    ),
    (_needs(P.BOOKINGS_READ_OWN), ("own_bookings.load_coming", "own_bookings.load_past")),
    (_needs(P.BOOKINGS_WRITE, P.BOOKINGS_READ_OWN), ("waiting.entries.load_waiting",)),
    (
        _shows(P.BOOKINGS_WRITE, P.BOOKINGS_READ_OWN),
        ("waiting.offers.get_offer", "waiting.offers.load_log"),
    ),
    (_needs(P.BOOKINGS_READ), ("accounts.users.load_admin_names", "practice.count_to_come")),
    (_needs(P.BOOKINGS_OVERRIDE), ("overrides.load_overrides_of_month",)),
    (
        _needs(P.IMPORT),
        (
            "booking.importing.record_past",
            "transfer.bookings.import_bookings",
            "transfer.hours.import_hours",
            "transfer.professionals.import_professionals",
            "transfer.running.open_table",
            "transfer.services.import_services",
            "transfer.headings.read_headings",
            "transfer.headings.remember_columns",
            "transfer.patients.import_patients",
        ),
    ),
    (
        _needs(P.EXPORT),
        ("everything.writing.check_may_export_everything", "transfer.writing.write_kind"),
    ),
    # patients
    (
        _shows(P.PATIENTS_READ, P.PATIENTS_READ_OWN),
        (
            "history.load_names",
            "patient_record.load_record",
            "patient_slip.load_slip",
            "patient_slip.print_slip",
            "patients.find_likely_duplicates",
            "patients.find_patients",
            "patients.get_patient",
        ),
    ),
    (
        _needs(P.PATIENTS_WRITE),
        (
            "merging.duplicates.find_same",
            "merging.duplicates.load_pairs",
            "merging.duplicates.tell_apart",
            "merging.joining.merge",
            "merging.joining.undo_merge",
            "patients.add_patient",
            "patients.edit_patient",
        ),
    ),
    (
        _needs(P.PATIENTS_WRITE_OWN),
        (
            "dependants.acting_for",
            "dependants.add_own_dependant",
            "dependants.load_own_dependants",
            "dependants.load_own_family",
        ),
    ),
    (_needs(P.PATIENTS_READ), ("dependants.load_family",)),
    (_needs(P.PATIENTS_WRITE), ("dependants.link", "dependants.unlink")),
    (Right(Answer.INNER), ("dependants.tie",)),
    (_needs(P.PATIENTS_INVITE), ("inviting.invite_patient", "inviting.load_sign_in")),
    (_needs(P.PATIENTS_READ, P.BOOKINGS_MARK_OWN), ("patients.preferences.load_to_know",)),
    (
        _needs(P.PATIENTS_EXPORT, P.PATIENTS_ASK_OWN),
        ("privacy.exporting.check_may_export", "privacy.exporting.export_patient"),
    ),
    (_needs(P.PATIENTS_WRITE_OWN), ("patients.edit_own_contact",)),
    (
        _needs(P.PATIENTS_ASK_OWN),
        ("privacy.erasing.ask_for_erasure", "privacy.erasing.withdraw_request"),
    ),
    (
        _needs(P.PATIENTS_ERASE),
        (
            "privacy.erasing.erase",
            "privacy.erasing.preview_erasure",
            "privacy.keeping.keep_for",
            "privacy.keeping.load_due",
            "privacy.keeping.load_requests",
        ),
    ),
    (
        _needs(P.PATIENTS_OPEN_ANY),
        ("exceptional_access.load_open_records", "exceptional_access.open_exceptionally"),
    ),
    # hours
    (
        _needs(P.SCHEDULE_READ, P.SCHEDULE_READ_OWN),
        (
            "agenda.load_agenda",
            "analytics.desk.desk_counts",
            "day_print.load_printed_day",
            "desk.load_cancelled",
            "desk.load_day",
            "month.load_month",
            "schedule.absence.load_time_off",
            "schedule.on_record.find_calendar",
            "schedule.on_record.load_date_hours",
            "schedule.on_record.load_openings",
            "schedule.on_record.load_weekly_hours",
            "schedule.stranded.stranded_bookings",
            "schedule_check.schedule_findings",
            "week.load_week_of",
            "what_if.preview_weekly_hours",
            "what_if.what_if",
        ),
    ),
    (
        _shows(P.SCHEDULE_READ, P.SCHEDULE_READ_OWN),
        ("desk.load_columns", "desk.services_at", "history.day_as_of"),
    ),
    (
        _needs(P.SCHEDULE_READ_OWN),
        ("own_month.load_own_month", "week.get_own_calendar", "week.load_week"),
    ),
    (
        _needs(P.SCHEDULE_READ),
        ("practice.load_closures", "practice.load_days_at_work", "practice.load_hours"),
    ),
    (
        _needs(P.SCHEDULE_WRITE, P.SCHEDULE_WRITE_OWN),
        (
            "changing_hours.drop_opening",
            "changing_hours.move_opening",
            "changing_hours.save_date_hours",
            "changing_hours.save_weekly_hours",
            "changing_hours.take_back_weekly_hours",
            "changing_hours.usual_hours_again",
            "schedule.changes.undo_weekly_hours",
            "schedule.hours.clear_date_hours",
            "schedule.hours.close_date",
            "schedule.hours.set_date_hours",
            "schedule.hours.set_weekly_hours",
            "schedule.openings.change_opening",
            "schedule.openings.publish_opening",
            "schedule.openings.put_back_opening",
            "schedule.openings.withdraw_opening",
        ),
    ),
    (
        _needs(P.TIME_OFF_WRITE, P.SCHEDULE_WRITE_OWN),
        (
            "running_late.say_late",
            "running_late.say_on_time",
            "schedule.absence.enter_time_off",
            "schedule.absence.put_back_time_off",
            "schedule.absence.remove_time_off",
        ),
    ),
    (
        _needs(P.SCHEDULE_WRITE),
        (
            "public_holidays.import_holidays",
            "schedule.absence.add_closure",
            "schedule.absence.put_back_closure",
            "schedule.absence.remove_closure",
        ),
    ),
    # what the place offers
    (
        _needs(P.CATALOG_READ),
        (
            "catalog.offers.load_offered",
            "catalog.professionals.load_professional",
            "catalog.professionals.load_professionals",
            "directory.finding.find",
            "directory.portraits.get_portrait",
            "directory.profiles.get_profile",
            "directory.profiles.load_offering",
            "directory.profiles.load_tags",
            "directory.times.free_times",
            "searches.describe",
        ),
    ),
    (
        _needs(P.CATALOG_WRITE),
        (
            "catalog.archive.archive_professional",
            "catalog.archive.archive_room",
            "catalog.archive.archive_service",
            "catalog.archive.load_archived",
            "catalog.archive.restore",
            "catalog.offers.offer_service",
            "catalog.expertise.edit_expertise",
            "catalog.expertise.load_vocabulary",
            "catalog.expertise.merge_expertise",
            "catalog.offers.set_offers",
            "catalog.offers.set_who_offers",
            "catalog.offers.withdraw_service_offer",
            "catalog.logos.remove_logo",
            "catalog.logos.set_logo",
            "catalog.place.edit_organisation",
            "catalog.place.let_patients_book",
            "registering.let_patients_register",
            "catalog.place.set_up_organisation",
            "catalog.professionals.add_professional",
            "catalog.professionals.edit_professional",
            "catalog.professionals.tag_expertise",
            "catalog.reasons.add_reason",
            "catalog.reasons.archive_reason",
            "catalog.reasons.edit_reason",
            "catalog.reasons.move_reason",
            "catalog.rooms.add_room",
            "catalog.rooms.edit_room",
            "catalog.services.add_service",
            "catalog.tiers.add_tier",
            "catalog.tiers.count_by_tier",
            "catalog.tiers.edit_tier",
            "catalog.tiers.remove_tier",
            "catalog.services.edit_service",
            "practice.find_missing",
        ),
    ),
    (
        _needs(P.CATALOG_WRITE, P.PROFILE_WRITE_OWN),
        (
            "catalog.offers.set_terms",
            "catalog.portraits.remove_portrait",
            "catalog.portraits.set_portrait",
            "catalog.professionals.edit_profile",
        ),
    ),
    (
        _needs(P.ANALYTICS_READ, P.ANALYTICS_READ_OWN),
        (
            "analytics.behind.load_behind",
            "analytics.demand.all_made",
            "analytics.demand.all_waited",
            "analytics.demand.made",
            "analytics.demand.waited",
            "analytics.files.figure_table",
            "analytics.forecast.forecast",
            "analytics.hours.gaps",
            "analytics.hours.utilisation_hours",
            "analytics.people.people",
            "analytics.quiet.find_quiet",
            "analytics.refilled.refilled",
            "analytics.seats.all_seats",
            "analytics.seats.seats",
            "analytics.utilisation.utilisation",
            "analytics.worth.all_worth",
            "analytics.worth.worth",
        ),
    ),
    (
        _needs(P.ANALYTICS_READ),
        (
            "analytics.demand.waiting_list",
            "analytics.searches.all_searches",
            "analytics.searches.searches",
            "monthly_report.counting.check_may_report",
            "monthly_report.counting.load_monthly_report",
        ),
    ),
    (
        _needs(P.ANALYTICS_READ_OWN),
        ("analytics.own.latest_bookings", "analytics.own.own_numbers"),
    ),
    # people
    (
        _needs(P.ACCOUNTS_WRITE),
        (
            "accounts.addresses.change_email",
            "accounts.own_sessions.end_all_sessions",
            "accounts.own_sessions.end_sessions_of",
            "accounts.users.activate_user",
            "accounts.users.create_user",
            "accounts.users.deactivate_user",
            "accounts.users.edit_user",
            "accounts.users.get_user",
            "accounts.people.load_people",
            "activation.invite_user",
            "activation.renew_link",
            "outbox.count_messages",
            "outbox.load_messages",
            "outbox.send_again",
            "second_step_set_up.is_required",
            "second_step_set_up.leave_to_staff",
            "second_step_set_up.load_who_has_it",
            "second_step_set_up.require_of_staff",
            "second_step_set_up.reset",
        ),
    ),
    (
        _shows(P.ACCOUNTS_WRITE, P.ACCOUNT_OWN),
        ("accounts.own_sessions.end_session", "accounts.own_sessions.load_sessions"),
    ),
    (
        Right(Answer.OWN_ACCOUNT),
        (
            "accounts.own_sessions.sign_out_elsewhere",
            "accounts.proving.change_password",
            "accounts.proving.confirm",
            "accounts.sessions.check_confirmed",
            "accounts.sessions.sign_out",
            "accounts.sessions.touch",
            "accounts.users.has_password",
            "drafts.discard",
            "drafts.find",
            "drafts.keep",
            "exports.offer",  # what makes the file asks whether one may have it
            "exports.take",
            "holds.extend_hold",
            "holds.find_own_hold",
            "second_step.is_owed",
            "second_step_set_up.find_offer",
            "second_step_set_up.offer",
            "second_step_set_up.renew_recovery_codes",
            "second_step_set_up.switch_off",
            "second_step_set_up.switch_on",
        ),
    ),
    # the record
    (
        _needs(P.AUDIT_READ),
        (
            "audit_trail.check_chain",
            "audit_trail.load_people",
            "audit_trail.load_trail",
            "exceptional_access.load_not_noted",
            "exceptional_access.note_access",
            "health.note_verified",
        ),
    ),
    (_needs(P.HEALTH_READ), ("health.load_health", "health.note_backup")),
    (
        Right(Answer.INNER),
        (
            "accounts.sessions.end_other_sessions",
            "analytics.grouping.pick",
            "analytics.utilisation.readable_professionals",
            "availability.next_free.seeker_of",
            "booking.by_patients.at_price_kept",
            "booking.by_patients.check_open_bookings",
            "booking.by_patients.check_own_choice",
            "booking.by_patients.check_own_move",
            "booking.by_patients.check_patients_book",
            "booking.by_patients.count_open_bookings",
            "booking.fitting.check_fits",
            "booking.fitting.check_set_aside",
            "booking.fitting.document",
            "booking.fitting.refusal",
            "booking.groups.give_up_own_seat",
            "booking.groups.take_seat_back",
            "booking.ledger.lock_booking",
            "booking.ledger.remember",
            "booking.undoing.claim_again",
            "booking.undoing.put_back",
            "catalog.professionals.check_may_shape",
            "desk.visits_offered",
            "directory.profiles.check_may_look",
            "patients.change",
            "privacy.erasing.forget",
            "schedule.calendars.lock_any_entry",
            "schedule.calendars.lock_entry",
            "schedule.calendars.lock_professional",
            "series.booking.check_may_plan",
            "visits.visit_of",
            "visits.want",
            "waiting.entries.lock_entry",
            "waiting.running.end_running",
            "waiting.running.note_answer",
        ),
    ),
)

RIGHTS: Mapping[str, Right] = {name: right for right, names in ROWS for name in names}
