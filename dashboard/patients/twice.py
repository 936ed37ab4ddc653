"""On file twice: pairs to work through, two records side by side, and one made of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from core import audit, dependants, inviting, merging
from core.db import utc_now
from core.errors import BookingError, Stale
from core.inviting import PatientSignIn
from core.merging import FIELDS, MergeRequest, Pair, TellApartRequest
from core.models import Patient
from core.patient_record import PatientRecord, load_record
from core.patients import PatientFound
from core.policy import Actor, Permission, allows
from dashboard import last_step, session
from dashboard.components.patient_picker import describe
from dashboard.feedback import flash, md, refuse
from dashboard.find_time import known
from dashboard.formatting import day
from dashboard.i18n import _, ngettext
from dashboard.last_step import Kind
from dashboard.patients import editing, finding

KEY = "twice"
MOST_SHOWN = 20


@dataclass(frozen=True)
class Sees:
    """Who opens a record without being of the practice."""

    sign_in: PatientSignIn | None
    guardians: tuple[str, ...]

    @property
    def everybody(self) -> set[str]:
        own = {self.sign_in.username} if self.sign_in and self.sign_in.is_active else set()
        return own | set(self.guardians)


@dataclass
class Comparing:
    """Two records in the dialog, as they were when it was drawn first."""

    kept_id: int
    other_id: int
    versions: tuple[int, int] | None = None
    refusal: BookingError | None = None


def show(actor: Actor) -> None:
    """Pairs on file that are perhaps one person, those with most in common first."""
    with session.reading() as db:
        pairs = merging.load_pairs(db, actor, now=utc_now(), limit=MOST_SHOWN + 1)
    _list(pairs)
    _dialog_if_open()  # whose records were changed meanwhile may be no pair any more


def _list(pairs: Sequence[Pair]) -> None:
    if not pairs:
        st.info(
            _("Nobody seems to be on file twice. Look in again when many patients were added."),
            icon=":material/done_all:",
        )
        return
    st.caption(_("These are perhaps one person. Compare the two records, then decide."))
    with st.container(border=True, gap="small"):
        for each in pairs[:MOST_SHOWN]:
            _row(each.first, each.second, each.reasons, both=True)
    if len(pairs) > MOST_SHOWN:
        st.caption(_("There are more: they move up as you decide about these."))


def suggest(actor: Actor, patient: Patient) -> None:
    """On a record: who may be the same person."""
    if patient.archived_at is not None or not allows(actor, Permission.PATIENTS_WRITE):
        return
    with session.reading() as db:
        likely = merging.find_same(db, actor, patient.id, now=utc_now())
    if likely:
        with st.container(border=True, gap="small"):
            st.markdown(f":material/group: **{_('Perhaps the same person')}**")
            for each in likely:
                _row(known(patient), each.patient, each.reasons, both=False)
    _dialog_if_open()


def forget() -> None:
    for each in [each for each in st.session_state if str(each).startswith(KEY)]:
        del st.session_state[each]


def _row(first: PatientFound, second: PatientFound, reasons: Sequence[str], *, both: bool) -> None:
    """What the two have in common, and what can be done about it."""
    shown = [first, second] if both else [second]
    lines = [_line(each) for each in shown]
    lines.append(f":small[*{md(' '.join(_(each) for each in reasons))}*]")
    pair = (min(first.id, second.id), max(first.id, second.id))
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.markdown("  \n".join(lines), width="content")
        with st.container(horizontal=True, width="content"):
            st.button(
                _("Compare"),
                key=f"{KEY}_compare_{pair[0]}_{pair[1]}",
                icon=":material/compare_arrows:",
                on_click=_open,
                args=pair,
            )
            st.button(
                _("Not the same person"),
                key=f"{KEY}_apart_{pair[0]}_{pair[1]}",
                on_click=_tell_apart,
                args=pair,
            )


def _line(found: PatientFound) -> str:
    facts = [each for each in describe(found).split(" · ")[1:] if each]
    number = _("No. {number}").format(number=found.id)
    return f"**{md(found.name)}** :small[{md(' · '.join([number, *facts]))}]"


def _open(kept_id: int, other_id: int) -> None:
    forget()
    st.session_state[KEY] = Comparing(kept_id, other_id)


def _tell_apart(first_id: int, second_id: int) -> None:
    """In a callback: the pair is gone from what is drawn next."""
    actor = session.signed_in()
    try:
        with session.writing() as db:
            merging.tell_apart(db, actor, TellApartRequest(first_id, second_id), now=utc_now())
    except BookingError as refusal:
        refuse(refusal)
        return
    forget()
    flash(_("Noted: they are two. This pair is not suggested again."))


def _dialog_if_open() -> None:
    if KEY in st.session_state:
        st.dialog(_("One person?"), width="large", on_dismiss=forget)(_dialog)()


def _dialog() -> None:
    actor, now = session.signed_in(), utc_now()
    comparing: Comparing = st.session_state[KEY]
    if comparing.refusal is not None:
        refuse(comparing.refusal)
    try:
        with session.reading() as db:
            kept, other = (
                load_record(db, actor, each, now=now, past=1)
                for each in (comparing.kept_id, comparing.other_id)
            )
    except BookingError as refusal:
        refuse(refusal)
        return
    for each in (kept, other):
        audit.note_read(session.database(), actor, "patient.opened", each.patient, now=now)
    if comparing.versions is None:
        comparing.versions = kept.patient.version, other.patient.version
    seen = [_sees(actor, each.patient, now) for each in (kept, other)]
    _heads(kept, other, seen, now)
    in_the_way = _warn(other.patient, *seen)
    from_other = _choices(kept.patient, other.patient)
    st.caption(
        _(
            "Visits, waiting list, messages, notes, alerts and preferences of both stay, in the "
            "record with number {number}. This can be undone for ten minutes."
        ).format(number=kept.patient.id)
    )
    with st.container(horizontal=True):
        if st.button(
            _("Merge into one record"), key=f"{KEY}_merge", type="primary", disabled=in_the_way
        ):
            _merge(actor, comparing, from_other)
        if st.button(_("Not the same person"), key=f"{KEY}_apart"):
            _tell_apart(comparing.kept_id, comparing.other_id)
            st.rerun()


def _sees(actor: Actor, patient: Patient, now: datetime) -> Sees:
    with session.reading() as db:
        sign_in = inviting.load_sign_in(db, actor, patient.id, now=now)
        family = dependants.load_family(db, actor, patient.id, now=now)
    named = _("{name} (No. {number})")
    guardians = (named.format(name=x.name, number=x.patient_id) for x in family.guardians)
    return Sees(sign_in, tuple(guardians))


def _warn(other: Patient, kept_by: Sees, other_by: Sees) -> bool:
    """Who will see more than now. Somebody may have typed what they know of another for that.

    Two accounts are in the way of one record.
    """
    if kept_by.sign_in and other_by.sign_in and other_by.sign_in.is_active:
        both = _(
            "Both sign in with an account of their own. An admin can switch off the one of "
            "{name} ({number}) first."
        )
        st.warning(both.format(name=md(other.name), number=other.id), icon=":material/key:")
        return True
    if more := sorted(kept_by.everybody ^ other_by.everybody):
        sees = _(
            "From then on the one record with all its visits is open to {names}. Merge them only "
            "if you are sure who that is: what two records say alike may have been typed by a "
            "stranger."
        )
        st.warning(sees.format(names=md(", ".join(more))), icon=":material/visibility:")
    return False


def _heads(kept: PatientRecord, other: PatientRecord, seen: Sequence[Sees], now: datetime) -> None:
    for column, record, by in zip(st.columns(2), (kept, other), seen, strict=True):
        patient, past = record.patient, sum(record.counts.values())
        since = patient.created_at.astimezone(session.zone()).date()
        coming = len(record.coming)
        facts = [
            _("No. {number}").format(number=patient.id),
            _("on file since {date}").format(date=day(since, now.date())),
            ngettext("{count} visit to come", "{count} visits to come", coming).format(
                count=coming
            ),
            ngettext("{count} past or cancelled", "{count} past or cancelled", past).format(
                count=past
            ),
            *_openings(by),
        ]
        column.markdown(f"**{md(patient.name)}**  \n:small[{md(' · '.join(facts))}]")


def _openings(by: Sees) -> list[str]:
    facts = []
    if by.sign_in is not None and by.sign_in.is_active:
        facts.append(_("signs in as {username}").format(username=by.sign_in.username))
    if by.guardians:
        facts.append(_("looked after by {names}").format(names=", ".join(by.guardians)))
    return facts


def _choices(kept: Patient, other: Patient) -> frozenset[str]:
    """For each field that differs, which value stays; those that are empty never win by default."""
    differ = [each for each in FIELDS if getattr(kept, each) != getattr(other, each)]
    chosen = set()
    for name in differ:
        values = (getattr(kept, name), getattr(other, name))
        shown = [md(editing.said(name, each)) for each in values]
        picked = st.radio(
            _(editing.FIELDS[name]),
            range(len(shown)),
            index=0 if values[0] else 1,
            format_func=shown.__getitem__,
            key=f"{KEY}_{name}",
            horizontal=True,
        )
        if picked == 1:
            chosen.add(name)
    if not differ:
        st.caption(_("Both records say the same."))
    return frozenset(chosen)


def _merge(actor: Actor, comparing: Comparing, from_other: frozenset[str]) -> None:
    assert comparing.versions is not None
    kept_id, other_id = comparing.kept_id, comparing.other_id
    kept_version, other_version = comparing.versions
    request = MergeRequest(kept_id, kept_version, other_id, other_version, from_other)
    try:
        with session.writing() as db:
            kept = merging.merge(db, actor, request, now=utc_now())
            name = kept.name
    except BookingError as refusal:
        comparing.refusal = refusal
        if isinstance(refusal, Stale):
            comparing.versions = None
    else:
        forget()
        editing.forget()
        done = _("{name} is one record now.").format(name=name)
        last_step.note_removed(Kind.MERGE, other_id, done)
        flash(done)
        if finding.picked() is not None:
            finding.pick(kept_id)
    st.rerun()
