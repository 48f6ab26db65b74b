"""A defect in what is kept from night to night turns the simulated nights red."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import night_simulation
import nights
import projects
import pytest
from dbt_processes import Kill
from night_simulation import Laboratory
from nights import Happening, Night

CONVERSATIONS = 40
CHANGED = "models/**/int_changed_conversations.sql"
FINGERPRINTS = "models/**/int_fingerprints.sql"
CUSTOMERS = "models/**/int_changed_customers.sql"


def each(kind: type[Happening], count: int = 8, **others: int) -> tuple[Happening, ...]:
    """The same for some conversations."""
    return tuple(kind(conversation=pick, **others) for pick in range(count))


# Half of the conversations go from customer to customer: of the others some follow on other ones.
CUSTOMERS_CHANGE = tuple(
    Night(each(nights.ChangedConversation, 20, column=2, value=0)) for _ in range(3)
)


@dataclass(frozen=True)
class Defect:
    """What is wrong, where it stands, and nights that show it after a first one."""

    what: str
    file: str
    old: str
    new: str
    script: tuple[Night, ...]

    def __str__(self) -> str:
        return self.what.replace(" ", "-")


DEFECTS = [
    Defect(
        "a correction that keeps its place is not seen",
        CHANGED,
        "or fingerprints.rows_fingerprint <> states.rows_fingerprint",
        "",
        (Night(each(nights.CorrectedInPlace, row=1, column=0)),),
    ),
    Defect(
        "what has vanished stays",
        CHANGED,
        "when fingerprints.source is null then 'vanished'",
        "when fingerprints.source is null then null",
        (Night(each(nights.DeletedConversation)),),
    ),
    Defect(
        "a night that was killed is forgotten",
        CHANGED,
        "when states.unfinished_reason is not null then states.unfinished_reason",
        "",
        (
            Night(each(nights.NewRows, scene=3, hours=1), kill=Kill(0, after="int_kept_segments")),
            Night((nights.Reverted(),)),
        ),
    ),
    Defect(
        "everything is cut every night",
        CHANGED,
        "then 'rules'",
        "then 'rules' else 'rows'",
        (Night((nights.ReorderedRows(1),)),),
    ),
    Defect(
        "the customer of before is forgotten",
        CUSTOMERS,
        "where segments.conversation_number is null",
        "where false",
        CUSTOMERS_CHANGE,
    ),
    Defect(
        "the customer of now is forgotten",
        CUSTOMERS,
        # Of a new conversation it is remembered, or a fresh build would forget it as well.
        "where conversation_number is not null",
        "where conversation_number is not null and conversation_id in "
        "(select conversation_id from changed where change_reason = 'new')",
        CUSTOMERS_CHANGE,
    ),
    Defect(
        "the next session of an unchanged conversation stays",
        "macros/kept/move_next_contacts.sql",
        "moved.conversation_number is null",
        "false",
        CUSTOMERS_CHANGE,
    ),
    Defect(
        "the next contact of an unchanged conversation stays",
        "macros/kept/move_next_contacts.sql",
        "set next_contact_us = moved.next_contact_us",
        "set next_contact_us = kept.next_contact_us",
        CUSTOMERS_CHANGE,
    ),
    Defect(
        "a changed identity is no change",
        CUSTOMERS,
        "where identities.person_id is distinct from earlier.person_id",
        "where false",
        tuple(Night(each(nights.ChangedIdentity, 20, value=value)) for value in (2, 0)),
    ),
    Defect(
        "what was cut before still counts",
        "models/**/int_changed_customer_segments.sql",
        "and states.unfinished_reason is null",
        "",
        (Night(each(nights.DeletedConversation)),),
    ),
    Defect(
        "a changed timeout is no change",
        FINGERPRINTS,
        ", 'timeout_us'",
        "",
        (Night((nights.ChangedTimeout(channel=0, minutes=2),)),),
    ),
    Defect(
        "a changed mapping is no change",
        FINGERPRINTS,
        ", 'boundary'",
        "",
        (Night((nights.ChangedMapping(source=0, column=0, value=2),)),),
    ),
    Defect(
        "a changed setting is no change",
        FINGERPRINTS,
        ", 'rules.after_escalation'",
        "",
        (Night((nights.ChangedAfterEscalation(),)),),
    ),
    Defect(
        "a takeover that ends something else is no change",
        FINGERPRINTS,
        "'rules.takeover_boundary', ",
        "",
        (
            Night((nights.ChangedTakeovers(source=0, value=0),)),
            Night((nights.ChangedTakeovers(source=1, value=1),)),
        ),
    ),
    Defect(
        "changed code is no change",
        FINGERPRINTS,
        "'rules.code_version', ",
        "",
        (Night((nights.ChangedCode(value=0),)),),
    ),
    Defect(
        "words that change their column are the same words",
        "macros/engines/row_hash.sql",
        "hash(hash({{ columns | join(', ') }}))",
        "hash(list_sort([cast({{ columns | join(' as varchar), cast(') }} as varchar)]))",
        (Night(each(nights.ShiftedContent, row=0)),),
    ),
]


# What no mutation of a unit test shows: these are tried each time, all others by hand.
SHOWN_HERE_ALONE = {
    "a night that was killed is forgotten",
    "the next session of an unchanged conversation stays",
    "the next contact of an unchanged conversation stays",
    "changed code is no change",
}
TRIED = [
    pytest.param(
        defect,
        id=str(defect),
        marks=[pytest.mark.heavy, *([] if defect.what in SHOWN_HERE_ALONE else [pytest.mark.long])],
    )
    for defect in DEFECTS
]


@pytest.mark.parametrize("defect", DEFECTS, ids=str)
def test_what_a_defect_changes_is_there(defect: Defect) -> None:
    (path,) = projects.ROOT.glob(defect.file)
    assert defect.old in path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    return night_simulation.laboratory(tmp_path_factory.mktemp("laboratory"))


@pytest.mark.heavy
@pytest.mark.long
def test_without_a_defect_the_same_nights_are_right(sound: Laboratory, tmp_path: Path) -> None:
    shown = [defect for defect in DEFECTS if defect.what in SHOWN_HERE_ALONE]
    assert len(shown) == len(SHOWN_HERE_ALONE)
    script = [Night(), *(night for defect in shown for night in defect.script)]
    night_simulation.simulate(sound, tmp_path, script, 1, CONVERSATIONS)


@pytest.mark.parametrize("defect", TRIED)
def test_a_defect_turns_the_nights_red(sound: Laboratory, tmp_path: Path, defect: Defect) -> None:
    broken = sound.with_defect(str(defect), defect.file, defect.old, defect.new)
    red = "missing|changed, but not cut again|cut again, but unchanged|ids of"
    with pytest.raises(AssertionError, match=red):
        night_simulation.simulate(broken, tmp_path, [Night(), *defect.script], 1, CONVERSATIONS)
