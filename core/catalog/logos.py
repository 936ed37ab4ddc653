"""The logo of the place: read as carefully as a portrait, one, kept in the database."""

import hashlib
import io
from dataclasses import dataclass
from datetime import datetime

from PIL import Image, ImageOps
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.catalog.pictures import on_white, read_picture
from core.edits import lock_row
from core.errors import N_, Invalid, NotFound
from core.models import Logo, Organisation
from core.policy import Actor, Permission, require

SIZE = (480, 120)
"""At most so wide and high: sharp on paper, and small enough to come with each page."""
LEAST_SIDE = 32
TELLS_FROM_WHITE = 24
"""So much darker than white a point is seen, of 255."""


@dataclass(frozen=True)
class PreparedLogo:
    """A PNG on white, cut to what is seen, without anything else the file held."""

    content: bytes


@dataclass(frozen=True)
class KeptLogo:
    key: str
    """The hash of what it shows: its address."""
    content: bytes


def prepare_logo(content: bytes) -> PreparedLogo:
    """The uploaded file as it will be kept, or ``Invalid``. Takes time; ask no database along."""
    return PreparedLogo(read_picture(content, SIZE, LEAST_SIDE, _drawn))


def _drawn(upright: Image.Image) -> bytes:
    upright.thumbnail((4 * SIZE[0], 4 * SIZE[1]), Image.Resampling.LANCZOS)
    flat = on_white(upright)
    dark = ImageOps.invert(flat.convert("L"))
    seen = dark.point([0] * TELLS_FROM_WHITE + [255] * (256 - TELLS_FROM_WHITE)).getbbox()
    if seen is None:
        raise Invalid(
            N_("On white nothing of this logo is seen. Please choose the one made for paper."),
            field="picture",
        )
    cut = flat.crop(seen)
    cut.thumbnail(SIZE, Image.Resampling.LANCZOS)
    written = io.BytesIO()
    cut.save(written, "PNG", optimize=True)
    return written.getvalue()


def find_logo(session: Session) -> KeptLogo | None:
    """The logo, for whoever is at the door; None where the place has none."""
    row = session.execute(select(Logo.key, Logo.content)).first()
    return KeptLogo(*row) if row else None


def set_logo(session: Session, actor: Actor, request: PreparedLogo, *, now: datetime) -> str:
    """Show this logo from now on; the key it is found under."""
    require(actor, Permission.CATALOG_WRITE)
    organisation = lock_row(session, Organisation, 1, what=N_("organisation"))
    key = hashlib.sha256(request.content).hexdigest()
    kept = session.get(Logo, organisation.id)
    if kept is None:
        kept = Logo(organisation_id=organisation.id)
        session.add(kept)
    elif kept.key == key:
        return key
    kept.key, kept.content, kept.updated_at = key, request.content, now
    audit.record(session, actor, "logo.set", organisation, now=now)
    return key


def remove_logo(session: Session, actor: Actor, *, now: datetime) -> None:
    """Show no logo any more; nothing of it is kept."""
    require(actor, Permission.CATALOG_WRITE)
    organisation = lock_row(session, Organisation, 1, what=N_("organisation"))
    kept = session.get(Logo, organisation.id)
    if kept is None:
        raise NotFound(what=N_("picture"))
    session.delete(kept)
    audit.record(session, actor, "logo.removed", organisation, now=now)
