"""The refusals: a code for programs, a sentence for people.

Sentences are marked for translation with ``N_`` and translated where they are shown.
Their placeholders are filled from ``details``, so that a screen can format a time or
escape a name in its own way.
"""

from typing import Any


def N_(sentence: str) -> str:
    """Mark a sentence for the catalogues; it is translated later, where it is shown."""
    return sentence


class BookingError(Exception):
    """A refusal. ``code`` is stable for programs; ``str(error)`` is for people."""

    code = "refused"
    message = N_("This cannot be done. Please look again.")

    def __init__(self, **details: Any) -> None:
        self.details = details
        super().__init__(self.message.format(**details))


class NotAllowed(BookingError):
    code = "not_allowed"
    message = N_("Your role does not allow this. Ask an admin if you need it.")


class SignInNeeded(BookingError):
    code = "sign_in_needed"
    message = N_("Please sign in first.")


class NotFound(BookingError):
    code = "not_found"
    message = N_("This {what} is not there any more, or was never there. Please look again.")


class Invalid(BookingError):
    """Something a person typed that cannot be taken as it is; ``field`` names the input."""

    code = "invalid"

    def __init__(self, message: str, *, field: str = "", **details: Any) -> None:
        self.message = message
        self.field = field
        super().__init__(**details)


class WrongCredentials(BookingError):
    code = "wrong_credentials"
    message = N_("This user name and password do not belong together. Please try again.")


class WrongPassword(BookingError):
    code = "wrong_password"
    message = N_("This is not your password. Please try again.")


class ConfirmationNeeded(BookingError):
    """Somebody else may have sat down: who asks has to prove again who they are."""

    code = "confirmation_needed"
    message = N_("Please enter your password first, so that we know it is you.")


class TooBusy(BookingError):
    code = "too_busy"
    message = N_("Many people are signing in just now. Please try again in a few seconds.")


class TooManyAttempts(BookingError):
    code = "too_many_attempts"
    message = N_("Too many wrong attempts. Please try again in {seconds} seconds.")


class CannotBook(BookingError):
    """The time asked for is refused.

    Details: ``reasons`` tell why, the most telling first; ``alternatives`` are the nearest
    free starts; ``taken_by`` names whose hand was quicker, where the asker may know.
    """

    code = "cannot_book"
    message = N_("{professional} cannot be booked for that time. Please choose another.")


class SlotTaken(CannotBook):
    code = "slot_taken"
    message = N_("{professional} is already booked for that time. Please choose another.")


class NotFree(CannotBook):
    """What patients are told where the reason is not theirs to know."""

    code = "not_free"
    message = N_("{professional} is not free at that time. Please choose another.")


class PatientsDoNotBook(BookingError):
    code = "patients_do_not_book"
    message = N_("Visits are not booked here by yourself. Please call us instead.")


class TooLateByYourself(BookingError):
    code = "too_late_by_yourself"
    message = N_("It is too late to move this visit by yourself. Please call us instead.")


class SeriesRefused(BookingError):
    """Details: ``rows`` are the dates in the way, each with its reasons and nearest times."""

    code = "series_refused"
    message = N_(
        "Not every date can be booked. Nothing was saved. Change those that are "
        "marked, or leave them out."
    )


class ChainRefused(BookingError):
    """Details: ``reasons`` tell why that visit, the ``number``-th, cannot follow."""

    code = "chain_refused"
    message = N_(
        "Nothing was booked: visit {number}, {service}, does not fit. Please choose another "
        "time or another professional."
    )


class Stale(BookingError):
    code = "stale"
    message = N_("{who} has changed this in the meantime. Please look again.")


class WrongState(BookingError):
    code = "wrong_state"
    message = N_(
        "A booking that is {state} cannot become {wanted}. Please look again: "
        "somebody may have changed it."
    )


class KeyReused(BookingError):
    code = "key_reused"
    message = N_("This form was already sent with other content. Please open it again.")


class NotSaved(BookingError):
    """The database could not take a change."""

    code = "not_saved"

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__()


class DatabaseNotReady(BookingError):
    code = "database_not_ready"

    def __init__(self, message: str, **details: Any) -> None:
        self.message = message
        super().__init__(**details)


class TicketSpent(BookingError):
    code = "ticket_spent"
    message = N_("This sign-in took too long. Please sign in again.")


class WrongSetUpCode(BookingError):
    code = "wrong_set_up_code"
    message = N_(
        "This is not the set-up code, or it has run out. "
        "A new one is printed when Frontdesk starts again."
    )
