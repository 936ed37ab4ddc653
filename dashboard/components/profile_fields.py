"""What a professional says of themselves, as fields: on My profile, and in an admin's form."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.catalog import Meant, Profile, typed_tags
from dashboard.feedback import md
from dashboard.i18n import _

BIO_LINES = 130


def profile_fields(
    known: Profile,
    key: Callable[[str], str],
    *,
    below_expertise: Callable[[Sequence[str]], None] = lambda _tags: None,
) -> Profile:
    """The profile as it is typed; ``below_expertise`` may say more about the words there."""
    for name, value in as_typed(known).items():
        st.session_state.setdefault(key(name), value)
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    title = left.text_input(_("Title (optional)"), key=key("title"), placeholder=_("Dermatologist"))
    colour = right.color_picker(
        _("Colour"), key=key("colour"), help=_("Of the column in the calendar.")
    )
    words = st.text_input(
        _("Expertise, separated by commas (optional)"),
        key=key("expertise"),
        placeholder=_("Skin, Allergies"),
    )
    tags = typed_tags(words)
    below_expertise(tags)
    languages = st.text_input(
        _("Languages, separated by commas (optional)"),
        key=key("languages"),
        placeholder=_("Portuguese, English"),
    )
    bio = st.text_area(
        _("About (optional)"),
        key=key("bio"),
        height=BIO_LINES,
        placeholder=_("Since when, with whom, and what matters to you in a visit."),
    )
    return Profile(title, bio, languages, colour, tags)


def as_typed(profile: Profile) -> dict[str, str]:
    """What stands in each field of a profile, by its name."""
    return {
        "title": profile.title,
        "expertise": ", ".join(profile.expertise),
        "languages": profile.languages,
        "bio": profile.bio,
        "colour": profile.colour,
    }


def what_is_meant(meant: Sequence[Meant]) -> None:
    """Which words are kept as another one, and which nobody had before."""
    said = [
        _("{typed} is kept as {name}.").format(typed=md(each.typed), name=md(each.name))
        for each in meant
        if each.id is not None and each.typed != each.name
    ]
    if new := [md(each.name) for each in meant if each.id is None]:
        said.append(_("New here: {names}.").format(names=", ".join(new)))
    if said:
        st.caption(" ".join(said))
