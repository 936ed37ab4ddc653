"""Expertise: typed as words, kept as tags that mean the same for everybody."""

import threading

import pytest
from sqlalchemy import select

from core import catalog
from core.catalog import (
    EditedExpertise,
    EditedProfile,
    ExpertiseTags,
    MergedExpertise,
    NewProfessional,
    Profile,
    edit_expertise,
    edit_profile,
    load_vocabulary,
    meant_by,
    merge_expertise,
    typed_tags,
)
from core.catalog.expertise import LONGEST_TAG, MOST_TAGS
from core.errors import Invalid, NotFound, Stale
from core.models import AuditEntry, Expertise, Professional, Role
from core.policy import CONSOLE
from tests import a


def tagged(session, *names, **values):
    made = a.professional(session, **values)
    catalog.tag_expertise(session, CONSOLE, ExpertiseTags(made.id, names), now=a.BEFORE)
    return made


def tags_of(session, professional):
    session.flush()
    session.expire(professional)
    return [each.name for each in catalog.get_professional(session, professional.id).expertise]


def id_of(session, name):
    return session.scalars(select(Expertise.id).where(Expertise.name == name)).one()


def words(session):
    return {each.name: each.synonyms for each in load_vocabulary(session, CONSOLE)}


def known(session, name):
    return next(each for each in load_vocabulary(session, CONSOLE) if each.name == name)


def means(session, name, *synonyms):
    tag = known(session, name)
    request = EditedExpertise(tag.id, name, synonyms, tag)
    return edit_expertise(session, CONSOLE, request, now=a.BEFORE)


def own_profile(session, actor, professional, **values):
    request = EditedProfile(professional.id, professional.version, Profile(**values))
    return edit_profile(session, actor, request, now=a.BEFORE)


@pytest.mark.parametrize(
    ("typed", "tags"),
    [
        ("Cardiology, hypertension, ECG", ("Cardiology", "hypertension", "ECG")),
        ("  skin ;eyes,, \n ears,", ("skin", "eyes", "ears")),
        ("心臓、皮膚，目", ("心臓", "皮膚", "目")),
        (" , ", ()),
    ],
)
def test_words_between_commas_are_tags(typed, tags):
    assert typed_tags(typed) == tags


def test_case_accents_spaces_and_doubles_make_no_other_tag(session):
    tagged(session, "Cardiología", "Sports medicine")
    bela = tagged(session, "cardiologia", "  CARDIOLOGÍA ", "sports   Medicine")

    assert tags_of(session, bela) == ["Cardiología", "Sports medicine"]
    assert list(words(session)) == ["Cardiología", "Sports medicine"]


def test_a_word_that_means_the_same_is_kept_as_the_tag(session):
    tagged(session, "Cardiology")
    means(session, "Cardiology", "heart", "Heart doctor", "HEART")

    bela = tagged(session, "Heart", "cardiology")

    assert tags_of(session, bela) == ["Cardiology"]
    assert words(session) == {"Cardiology": ("heart", "Heart doctor")}


def test_what_is_meant_is_told_before_it_is_kept(session):
    tagged(session, "Cardiology")
    means(session, "Cardiology", "heart")

    found = [(each.typed, each.name, each.id) for each in meant_by(session, ("HEART", "Knees"))]

    cardiology = id_of(session, "Cardiology")
    assert found == [("HEART", "Cardiology", cardiology), ("Knees", "Knees", None)]
    assert list(words(session)) == ["Cardiology"]


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ([f"word{n}" for n in range(500)], "These are 500 fields of expertise, and at most 20"),
        (["x" * (LONGEST_TAG + 1)], "This is too long: 61 characters, at most 60 fit."),
        (["!!!"], "!!! has no letters."),
    ],
    ids=["500 words", "too long", "no letters"],
)
def test_what_no_tag_can_be_is_refused_and_changes_nothing(session, names, sentence):
    ada = tagged(session, "Skin")

    with pytest.raises(Invalid, match=sentence):
        own_profile(session, CONSOLE, ada, expertise=tuple(names))

    assert tags_of(session, ada) == ["Skin"]
    assert MOST_TAGS == 20


def test_two_tags_become_one_with_everything_moved(session):
    ada = tagged(session, "Cardiology", "Skin")
    bela = tagged(session, "Heart")
    both = tagged(session, "Heart", "Cardiology")
    means(session, "Heart", "cardiac")

    request = MergedExpertise(id_of(session, "Cardiology"), id_of(session, "Heart"))
    merge_expertise(session, CONSOLE, request, now=a.BEFORE)

    assert tags_of(session, ada) == ["Cardiology", "Skin"]
    assert tags_of(session, bela) == tags_of(session, both) == ["Cardiology"]
    assert words(session) == {"Cardiology": ("cardiac", "Heart"), "Skin": ()}
    assert tags_of(session, tagged(session, "heart", "Cardiac")) == ["Cardiology"]


def test_a_tag_is_not_merged_with_itself_or_with_what_is_gone(session):
    tagged(session, "Skin")
    skin = id_of(session, "Skin")

    with pytest.raises(Invalid, match="choose another one"):
        merge_expertise(session, CONSOLE, MergedExpertise(skin, skin), now=a.BEFORE)
    with pytest.raises(NotFound):
        merge_expertise(session, CONSOLE, MergedExpertise(skin, 999), now=a.BEFORE)


def test_a_word_stands_for_one_tag_alone(session):
    tagged(session, "Cardiology", "Skin")
    means(session, "Cardiology", "heart")

    for word, owner in (("Heart", "Cardiology"), ("cardiology", "Cardiology")):
        with pytest.raises(Invalid, match=f"already stands for {owner}"):
            means(session, "Skin", word)
    request = EditedExpertise(id_of(session, "Skin"), "HEART", (), known(session, "Skin"))
    with pytest.raises(Invalid, match="already stands for Cardiology"):
        edit_expertise(session, CONSOLE, request, now=a.BEFORE)


def test_of_two_who_edit_a_tag_at_once_the_second_is_told_and_drops_nothing(session):
    tagged(session, "Cardiology")
    seen = known(session, "Cardiology")
    first = EditedExpertise(seen.id, "Cardiology", ("heart",), seen)
    alex = a.actor(session, Role.ADMIN, name="Alex")
    edit_expertise(session, alex, first, now=a.BEFORE)
    session.flush()

    second = EditedExpertise(seen.id, "Cardiology", ("cardiac",), seen)
    with pytest.raises(Stale, match="Alex has changed this"):
        edit_expertise(session, CONSOLE, second, now=a.BEFORE)

    assert words(session) == {"Cardiology": ("heart",)}
    means(session, "Cardiology", "heart", "cardiac")
    assert words(session) == {"Cardiology": ("cardiac", "heart")}


def test_what_nobody_has_any_more_is_forgotten_unless_the_admin_gave_it_words(session):
    ada = tagged(session, "Cardiolgy", "Skin", "Eyes")
    tagged(session, "Eyes")
    means(session, "Skin", "dermis")

    own_profile(session, CONSOLE, ada, expertise=("Cardiology",))

    assert list(words(session)) == ["Cardiology", "Eyes", "Skin"]


def test_two_who_type_the_same_new_word_at_once_share_one_tag(database):
    with database.writing() as session:
        ids = [a.professional(session).id for _ in range(6)]
    ready = threading.Barrier(len(ids))

    def tag(professional_id, word):
        ready.wait()
        with database.writing() as session:
            request = ExpertiseTags(professional_id, (word,))
            catalog.tag_expertise(session, CONSOLE, request, now=a.BEFORE)

    typed = ("Skin", "skin", "SKIN", "Skín", " skin ", "sKiN")
    threads = [threading.Thread(target=tag, args=each) for each in zip(ids, typed, strict=True)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    with database.reading() as session:
        assert len(catalog.load_expertise(session)) == 1
        assert load_vocabulary(session, CONSOLE)[0].professionals == 6


# --- the profile as a whole


@pytest.fixture
def ada(session):
    return a.professional(session, name="Dr Ada")


@pytest.fixture
def herself(session, ada):
    return a.actor(session, Role.PROFESSIONAL, professional_id=ada.id)


def test_a_professional_shapes_her_own_profile(session, ada, herself):
    own_profile(
        session,
        herself,
        ada,
        title="Cardiologist",
        bio="Since 1999.",
        languages="Portuguese; english,Portuguese",
        colour="#D55E00",
        expertise=("ECG",),
    )

    assert (ada.title, ada.bio, ada.colour) == ("Cardiologist", "Since 1999.", "#D55E00")
    assert ada.languages == "Portuguese, english"
    assert tags_of(session, ada) == ["ECG"]
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (entry.action, entry.user_id) == ("professional.edited", herself.user_id)


def test_saving_what_is_there_already_leaves_no_trace(session, ada, herself):
    own_profile(session, herself, ada, title="Cardiologist", expertise=("ECG",))
    before = len(session.scalars(select(AuditEntry)).all())

    own_profile(session, herself, ada, title="Cardiologist", expertise=("ecg",))

    assert len(session.scalars(select(AuditEntry)).all()) == before


def test_a_profile_changed_by_somebody_else_meanwhile_is_not_written_over(session, ada, herself):
    seen = ada.version
    own_profile(session, a.actor(session, Role.ADMIN, name="Alex"), ada, title="Cardiologist")
    session.flush()

    request = EditedProfile(ada.id, seen, Profile(title="Surgeon"))
    with pytest.raises(Stale, match="Alex has changed this"):
        edit_profile(session, herself, request, now=a.BEFORE)

    assert ada.title == "Cardiologist"


def test_of_others_a_professional_shapes_nothing(session, herself):
    ben = a.professional(session, name="Dr Ben")

    with pytest.raises(NotFound):
        own_profile(session, herself, ben, title="Quack")

    assert ben.title == ""


def test_a_profile_has_no_place_for_name_tier_limits_or_role(session, ada, herself):
    """Whatever a client may send along: the request cannot carry it, so nothing is written."""
    forbidden = {"name", "tier_id", "visits_per_day", "zone", "role", "archived_at", "calendar_id"}
    for field in forbidden:
        with pytest.raises(TypeError):
            Profile(**{field: 1})

    request = EditedProfile(
        ada.id, ada.version, NewProfessional("Dr Evil", tier_id=a.tier(session).id)
    )
    edit_profile(session, herself, request, now=a.BEFORE)

    session.flush()
    found = session.get(Professional, ada.id, populate_existing=True)
    assert (found.name, found.premium, found.visits_per_day) == ("Dr Ada", False, None)
