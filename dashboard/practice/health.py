"""Health: what an admin looks at before something breaks, each with what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from core.audit_trail import check_chain
from core.db import utc_now
from core.health import Health, load_health, note_verified
from core.policy import Actor
from dashboard import session
from dashboard.feedback import flash, md
from dashboard.formatting import say, when
from dashboard.i18n import _, ngettext

MOST_FINDINGS = 20


@dataclass(frozen=True)
class Line:
    """One thing looked at, how it is, and the next step where it is not well."""

    name: str
    says: str
    next_step: str = ""


def show(actor: Actor) -> None:
    now = utc_now()
    with session.reading() as db:
        found = load_health(db, actor, session.configured(), now=now)
    lines = list(_lines(found, now))
    amiss = sum(bool(each.next_step) for each in lines)
    _sum_up(amiss)
    with st.container(border=True, gap="small", key="practice_health"):
        for each in lines:
            _line(each)
    st.button(
        _("Check the record of every step now"),
        key="practice_health_verify",
        icon=":material/verified:",
        on_click=_verify,
    )
    _findings(found)


def _sum_up(amiss: int) -> None:
    if not amiss:
        st.success(_("All is well."), icon=":material/check:")
        return
    sentence = ngettext("{count} thing needs you.", "{count} things need you.", amiss)
    st.warning(sentence.format(count=amiss), icon=":material/warning:")


def _line(line: Line) -> None:
    icon = ":orange[:material/warning:]" if line.next_step else ":green[:material/check:]"
    said = f"{icon} **{md(line.name)}**  \n:small[{md(line.says)}]"
    st.markdown(said + (f"  \n{md(line.next_step)}" if line.next_step else ""))


def _lines(found: Health, now: datetime) -> Iterator[Line]:
    yield _database(found)
    yield _tables(found)
    yield from _disk(found)
    yield _backup(found, now)
    yield _mail(found, now)
    yield _record(found, now)
    yield _hours(found)


def _database(found: Health) -> Line:
    database = found.database
    says = f"{database.engine} {database.version}, {_megabytes(database.size_bytes)}"
    slowed = _(
        "This SQLite has a known fault that Frontdesk goes round, writing more slowly. Install "
        "the package pysqlite3 of requirements.txt to be rid of it."
    )
    return Line(_("Database"), says, slowed if database.is_slowed else "")


def _tables(found: Health) -> Line:
    database = found.database
    if database.is_newest:
        return Line(
            _("Tables"), _("as this Frontdesk wants them ({schema})").format(schema=database.schema)
        )
    return Line(
        _("Tables"),
        _("at {schema}, wanted is {newest}").format(
            schema=database.schema or _("nothing"), newest=database.newest_schema
        ),
        _("Stop Frontdesk, make a backup, then run: python -m core migrate"),
    )


def _disk(found: Health) -> Iterator[Line]:
    if found.disk is None:
        return
    says = _("{size} free where the database lies").format(size=_megabytes(found.disk.free_bytes))
    more = _("Make room on it, up to {size}: nothing can be saved once it is full.").format(
        size=_megabytes(found.disk.needed_bytes)
    )
    yield Line(_("Disk"), says, "" if found.disk.is_enough else more)


def _backup(found: Health, now: datetime) -> Line:
    if found.is_backed_up(now) and found.backup is not None:
        return Line(_("Backup"), _("made {when}").format(when=_when(found.backup.at, now)))
    says = (
        _("none was ever made")
        if found.backup is None
        else _("the last one was made {when}").format(when=_when(found.backup.at, now))
    )
    step = _("Have python -m core backup DIR run every day, to another disk.")
    return Line(_("Backup"), says, step)


def _mail(found: Health, now: datetime) -> Line:
    mail = found.mail
    says = _("{waiting} waiting, {failed} failed").format(waiting=mail.waiting, failed=mail.failed)
    step = ""
    if mail.failed:
        step = _("Look under Messages at what failed, and send it again.")
    elif mail.is_stuck(now):
        step = (
            _("What is due is not sent: look whether python -m core send, or Frontdesk, runs.")
            if mail.is_set_up
            else _("No mail server is set: hand the links over, or set FRONTDESK_SMTP_URL.")
        )
    return Line(_("Messages"), says, step)


def _record(found: Health, now: datetime) -> Line:
    name, done = _("Record of every step"), found.verified
    if done is not None and not done.is_intact:
        return Line(
            name,
            _("not whole, {when}").format(when=_when(done.at, now)),
            _("It was tampered with: keep a backup, and look under Audit where it begins."),
        )
    if done is None:
        says = _("never checked")
    else:
        says = _("whole, checked {when}").format(when=_when(done.at, now))
    return Line(name, says, "" if found.is_verified(now) else _("Check it with the button below."))


def _hours(found: Health) -> Line:
    count = len(found.findings)
    if not count:
        return Line(_("Hours and bookings"), _("nothing contradicts"))
    says = ngettext("{count} thing does not fit", "{count} things do not fit", count)
    return Line(
        _("Hours and bookings"),
        says.format(count=count),
        _("They are listed below: change the hours, or move the visits."),
    )


def _findings(found: Health) -> None:
    if not found.findings:
        return
    with st.expander(_("What does not fit ({count})").format(count=len(found.findings))):
        st.markdown("\n".join(f"- {say(each)}" for each in found.findings[:MOST_FINDINGS]))
        left = len(found.findings) - MOST_FINDINGS
        if left > 0:
            more = ngettext("… and {count} more.", "… and {count} more.", left)
            st.caption(more.format(count=left))


def _verify() -> None:
    """Read through without keeping anybody waiting, then put on record that it was."""
    actor = session.signed_in()
    with session.reading() as db:
        chain = check_chain(db, actor)
    with session.writing() as db:
        note_verified(db, actor, chain, now=utc_now())
    if chain.broken_at is None:
        flash(_("Whole up to entry {id}.").format(id=chain.head.id))


def _when(at: datetime, now: datetime) -> str:
    return when(at, session.zone(), now)


def _megabytes(size: int) -> str:
    if size >= 1024**3:
        return f"{size / 1024**3:,.1f} GB"
    return f"{size / 1024**2:,.1f} MB"
