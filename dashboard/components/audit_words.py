"""The audit in words: a sentence for each action, and the kinds they are sought by."""

from collections.abc import Mapping

from core.audit_trail import Step
from core.errors import N_
from core.policy import Permission
from dashboard.i18n import _

SENTENCES: Mapping[str, Mapping[str, str]] = {
    N_("Bookings"): {
        "booking.booked": N_("{who} booked {patient} with {professional}."),
        "booking.moved": N_("{who} moved a booking of {patient} with {professional}."),
        "booking.cancelled": N_("{who} cancelled a booking of {patient} with {professional}."),
        "booking.arrived": N_("{who} noted that {patient} has arrived."),
        "booking.in_progress": N_("{who} began the visit of {patient}."),
        "booking.completed": N_("{who} completed the visit of {patient}."),
        "booking.no_show": N_("{who} noted that {patient} did not come."),
        "booking.undone": N_("{who} took back the last step of a booking of {patient}."),
        "booking.confirmed": N_("{who} noted that {patient} will come."),
        "booking.not_confirmed": N_("{who} took back that {patient} will come."),
        "booking.told_late": N_("{who} noted that {patient} was told of a delay."),
        "booking.not_told_late": N_("{who} took back that {patient} was told of a delay."),
        "booking.noted": N_("{who} wrote a private note on a visit of {patient}."),
        "series.booked": N_("{who} booked a series."),
        "group.joined": N_("{who} gave {patient} a seat in a group."),
        "group.left": N_("{who} took {patient} out of a group."),
        "group.moved_up": N_("{patient} moved up to a free seat in a group."),
        "group.booked": N_("{who} took back a mark of {patient} in a group."),
        "group.arrived": N_("{who} noted that {patient} has arrived for a group."),
        "group.completed": N_("{who} completed the group visit of {patient}."),
        "group.no_show": N_("{who} noted that {patient} did not come to a group."),
        "bookings.imported": N_("{who} took over bookings from a file."),
    },
    N_("Waiting list"): {
        "waiting.added": N_("{who} put {patient} on the waiting list."),
        "waiting.edited": N_("{who} changed what {patient} waits for."),
        "waiting.reopened": N_("{who} put {patient} back on the waiting list."),
        "waiting.closed": N_("{who} took {patient} off the waiting list."),
        "waiting.booked": N_("{who} booked {patient} from the waiting list."),
        "offer.made": N_("{who} kept a time for {patient}."),
        "offer.accepted": N_("{who} noted that {patient} takes the time kept for them."),
        "offer.declined": N_("{who} noted that {patient} does not want the time kept for them."),
        "offer.no_answer": N_("{who} noted that {patient} did not answer."),
        "offer.taken_back": N_("{who} took back the time kept for {patient}."),
        "recall.added": N_("{who} noted that {patient} is to be seen again."),
        "recall.called": N_("{who} called {patient} to be seen again; nobody answered."),
        "recall.closed": N_("{who} noted that {patient} does not come again."),
        "recall.reopened": N_("{who} put {patient} back on the recall list."),
        "recall.booked": N_("{who} booked {patient} from the recall list."),
        "absence.opened": N_("{who} took over calling {patient}: {professional} is away."),
        "absence.no_answer": N_("{who} called {patient}, who did not answer."),
        "absence.skipped": N_("{who} left calling {patient} for later."),
        "absence.undone": N_("{who} took back a step about the visit of {patient}."),
    },
    N_("Patients"): {
        "patient.added": N_("{who} added the patient {patient}."),
        "patient.edited": N_("{who} changed the record of {patient}."),
        "patient.merged": N_("{who} filled in the record of {patient} from a file."),
        "patients.imported": N_("{who} took over patients from a file."),
        "kind.exported": N_("{who} exported all records of one kind."),
        "services.imported": N_("{who} brought in services from a file."),
        "professionals.imported": N_("{who} brought in professionals from a file."),
        "hours.imported": N_("{who} brought in weekly hours from a file."),
        "patient.united": N_("{who} merged a second record into that of {patient}."),
        "patient.parted": N_("{who} undid the merging of the record of {patient}."),
        "dependant.added": N_("{who} put {patient} on file, whom they look after."),
        "dependant.linked": N_("{who} noted who looks after {patient}."),
        "dependant.unlinked": N_("{who} took back who looks after {patient}."),
        "patient.told_apart": N_("{who} noted that {patient} is not another patient alike."),
        "patient.erased": N_("{who} erased a patient."),
        "erasure.asked": N_("{who} asked to be erased."),
        "erasure.withdrawn": N_("{who} asked no longer to be erased."),
    },
    N_("Looking"): {
        "patient.opened": N_("{who} opened the record of {patient}."),
        "patient.opened_exceptionally": N_(
            "{who} opened the record of {patient}, who is not one of their patients."
        ),
        "patient.sought_exceptionally": N_(
            "{who} asked for the record of somebody who is not on file."
        ),
        "access.noted": N_("{who} took note of a record opened for a reason."),
        "patients.searched": N_("{who} searched the patients."),
        "patient.exported": N_("{who} took a copy of everything about {patient}."),
        "export.offered": N_("{who} asked for a download."),
        "export.taken": N_("{who} downloaded a file."),
        "import.columns_said": N_("{who} said what the columns of a file hold."),
        "backup.made": N_("{who} made a backup."),
        "audit.verified": N_("{who} checked that nothing in this record was changed."),
        "place.exported": N_("{who} wrote everything to a file."),
        "place.imported": N_("{who} filled this place from a file of everything."),
        "audit.read": N_("{who} read the audit."),
        "audit.read_patient": N_("{who} read the audit about {patient}."),
        "patient.slip_printed": N_("{who} printed the visits of {patient}."),
        "day.printed": N_("{who} printed a day."),
        "day.read_as_it_stood": N_("{who} looked at a day as it stood."),
    },
    N_("Refused"): {
        f"refused.{permission}": N_("{who} was refused: their role does not allow it.")
        for permission in Permission
    }
    | {
        "sign_in.refused": N_("A sign-in as {user} was refused."),
        "sign_in.flood": N_("Many sign-ins failed within a short time."),
        "session.proof_refused": N_("{who} typed a wrong password to confirm who they are."),
        "second_step.refused": N_("A wrong code was typed for {user}."),
    },
    N_("Signing in"): {
        "session.opened": N_("{who} signed in."),
        "session.closed": N_("{who} signed out."),
        "session.confirmed": N_("{who} typed their password again."),
        "session.unlocked": N_("{who} came back to a locked screen."),
        "session.ended": N_("{who} ended a session."),
        "session.others_ended": N_("{who} signed out on their other devices."),
        "session.all_ended": N_("{who} ended all sessions of {user}."),
        "session.everybody_ended": N_("{who} signed everybody out."),
        "registration.asked": N_("Somebody began to register."),
        "user.registered": N_("{user} registered by themselves."),
        "reset.asked": N_("Somebody asked for a new password for {user}."),
        "user.password_chosen": N_("{user} chose a password."),
        "user.password_changed": N_("{user} changed their password."),
        "user.password_reset": N_("{user} chose a new password by a link."),
        "second_step.offered": N_("{who} began to set up a second step."),
        "second_step.switched_on": N_("{user} signs in with a second step now."),
        "second_step.switched_off": N_("{user} signs in without a second step now."),
        "second_step.codes_renewed": N_("{user} made new recovery codes."),
        "second_step.recovery_code_used": N_("{user} signed in with a recovery code."),
        "second_step.reset": N_("{who} took the second step away from {user}."),
        "second_step.required": N_("{who} made the second step a must for staff."),
        "second_step.left_to_staff": N_("{who} left the second step to the staff."),
    },
    N_("People"): {
        "user.created": N_("{who} let {user} sign in."),
        "user.invited": N_("{who} invited the patient {user} to sign in."),
        "user.edited": N_("{who} changed how {user} signs in."),
        "user.email_changed": N_("{who} changed where mail for {user} goes."),
        "user.activated": N_("{who} let {user} sign in again."),
        "user.deactivated": N_("{who} lets {user} sign in no more."),
        "user.link_made": N_("{who} made a link for {user} to choose a password."),
    },
    N_("Hours"): {
        "hours.set": N_("{who} set the weekly hours of {professional}."),
        "hours.put_back": N_("{who} put the weekly hours of {professional} back as they were."),
        "booking.stranded": N_("{who} changed the hours: the desk moves {patient}."),
        "date_hours.set": N_("{who} set the hours of {professional} on one day."),
        "date_hours.closed": N_("{who} closed a day of {professional}."),
        "date_hours.cleared": N_("{who} gave {professional} the usual hours on a day again."),
        "opening.published": N_("{who} published an opening."),
        "opening.changed": N_("{who} changed the time of an opening."),
        "opening.withdrawn": N_("{who} withdrew an opening."),
        "delay.said": N_("{who} noted that {professional} runs late."),
        "delay.over": N_("{who} noted that {professional} is on time again."),
        "time_off.entered": N_("{who} entered time off for {professional}."),
        "opening.put_back": N_("{who} put an opening back."),
        "time_off.put_back": N_("{who} put time off of {professional} back."),
        "closure.put_back": N_("{who} put closed days back."),
        "time_off.removed": N_("{who} removed time off."),
        "closure.added": N_("{who} closed the place for some days."),
        "closure.removed": N_("{who} opened the place on closed days again."),
    },
    N_("Practice"): {
        "service.added": N_("{who} added the service {service}."),
        "service.edited": N_("{who} changed the service {service}."),
        "service.archived": N_("{who} archived the service {service}."),
        "service.offered": N_("{who} changed what {professional} offers."),
        "service.withdrawn": N_("{who} changed what {professional} offers."),
        "professional.added": N_("{who} added the professional {professional}."),
        "professional.edited": N_("{who} changed the professional {professional}."),
        "professional.archived": N_("{who} archived the professional {professional}."),
        "professional.tagged": N_("{who} changed the expertise of {professional}."),
        "expertise.edited": N_("{who} changed a field of expertise."),
        "expertise.merged": N_("{who} merged two fields of expertise."),
        "portrait.set": N_("{who} chose a picture of {professional}."),
        "portrait.removed": N_("{who} removed the picture of {professional}."),
        "tier.added": N_("{who} added a tier."),
        "tier.edited": N_("{who} changed a tier."),
        "tier.removed": N_("{who} removed a tier."),
        "reason.added": N_("{who} added a reason to a list."),
        "reason.edited": N_("{who} changed a reason of a list."),
        "reason.moved": N_("{who} changed the order of a list of reasons."),
        "reason.archived": N_("{who} archived a reason of a list."),
        "room.added": N_("{who} added the room {room}."),
        "room.edited": N_("{who} changed the room {room}."),
        "room.archived": N_("{who} archived the room {room}."),
        "catalog.restored": N_("{who} took something out of the archive."),
        "logo.set": N_("{who} chose another logo."),
        "logo.removed": N_("{who} removed the logo."),
        "organisation.set_up": N_("{who} set the practice up."),
        "organisation.patients_book": N_("{who} changed what patients book by themselves."),
        "organisation.patients_register": N_("{who} changed whether patients register."),
        "organisation.edited": N_("{who} changed the practice."),
        "message.sent": N_("A message was sent."),
        "message.dropped": N_("A message was not wanted any more."),
        "message.failed": N_("A message could not be sent."),
        "message.sent_again": N_("{who} had a message sent once more."),
        "set_up.done": N_("{user} set Frontdesk up."),
        "backup.restored": N_("A backup was restored."),
        "demo.filled": N_("{who} filled in the demo."),
    },
}
"""By kind, as people look for it."""

NOBODY_KNOWN: Mapping[str, str] = {
    "who": N_("The console"),
    "patient": N_("a patient"),
    "professional": N_("a professional"),
    "user": N_("somebody"),
    "service": N_("a service"),
    "room": N_("a room"),
}
"""Who or what is not there any more, or never had a name."""

WORDS: Mapping[str, str] = {
    action: sentence for kind in SENTENCES.values() for action, sentence in kind.items()
}

NUMBERED: Mapping[str, str] = {
    "access": N_("opening no. {number}"),
    "booking": N_("booking no. {number}"),
    "entry": N_("no. {number} on the waiting list"),
    "expertise_ids": N_("expertise no. {number}"),
    "merged_id": N_("merged with no. {number}"),
    "patient_ids": N_("patients no. {number}"),
    "series": N_("series no. {number}"),
    "time_off": N_("time off no. {number}"),
    "service_id": N_("service no. {number}"),
}
"""Fields that hold the number of something else."""


def sentence(step: Step) -> str:
    """What happened, as plain text."""
    known = {name: _(word) for name, word in NOBODY_KNOWN.items()} | dict(step.names)
    if step.who:
        known["who"] = step.who
    return _(WORDS.get(step.action, "{who}: " + step.action)).format(**known)


def details(step: Step) -> str:
    """The fields that changed and the numbers that were noted, in the words they are kept in."""
    said = []
    for name, value in step.fields.items():
        if name == "changed" and isinstance(value, list):
            said.append(", ".join(str(each).replace("_", " ") for each in value))
        elif value not in (None, [], "") and name != "patient":
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            numbered = _(NUMBERED[name]).format(number=shown) if name in NUMBERED else ""
            said.append(numbered or f"{name.replace('_', ' ')}: {shown}")
    if step.action.startswith("refused."):
        said.append(step.action.removeprefix("refused."))
    return " · ".join(said)
