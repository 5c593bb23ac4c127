"""Kinds of change of what is promised about the data: classes, access, quality, service levels, people, words."""

from __future__ import annotations

from typing import Final

from lakemodel.contracts.diff.model import ChangeClass, Rule

_C: Final = ChangeClass.CONSUMERS
_P: Final = ChangeClass.PRODUCERS
_G: Final = ChangeClass.GOVERNANCE
_RELY: Final = "Readers were told that values keep it; some will not."
_REJECT: Final = "Values that were good are not any more."
_AGREE: Final = "Agree on it with producers first."
_TELL: Final = "Keep it, or tell readers before."


def _rule(rule_id: str, what: str, why: str, remedy: str = "", *, of: tuple[ChangeClass, ...] = (ChangeClass.COMPATIBLE,)) -> Rule:
    return Rule(id=rule_id, classes=frozenset(of), what=what, why=why, remedy=remedy)


_CLASSES: Final = (
    _rule(
        "classification.lowered",
        "the class is less strict, or a column that had none got one that is not the strictest",
        "More people can read it with the next deployment.",
        "Have it approved by whoever answers for the data.",
        of=(_G,),
    ),
    _rule(
        "classification.raised",
        "the class is stricter",
        "Readers without that class lose the column.",
        "Give them a persona with the class, or tell them before.",
        of=(_C,),
    ),
    _rule(
        "classification.removed",
        "there is no class any more, or one that the lake has not",
        "It counts as the strictest: readers lose the column, and nobody has decided how protected it is.",
        "Give it one of the lake's classes.",
        of=(_C, _G),
    ),
    _rule("classification.stated", "the strictest class is stated where none was", "It counted as that already."),
    _rule(
        "classification.part_lowered",
        "the class of a part of a column is less strict or gone",
        "The column keeps its class for another part of it, but not for this one.",
        "Have it approved by whoever answers for the data.",
        of=(_G,),
    ),
    _rule("classification.part_raised", "the class of a part of a column is stricter", "The column is that strict already."),
    _rule(
        "protection.mark_removed",
        "a mark that says personal or sensitive is gone",
        "With it goes the check that such data has a class.",
        "Keep the mark as long as the data is what it says.",
        of=(_G,),
    ),
    _rule(
        "protection.encrypted_name_changed",
        "another column, or none, holds the encrypted values",
        "Whoever may only see them encrypted loses them, or sees others.",
        "Keep encryptedName.",
        of=(_C, _G),
    ),
    _rule(
        "protection.critical_removed",
        "the column is no critical data element any more",
        "It gets less scrutiny.",
        "Have it approved by whoever answers for the data.",
        of=(_G,),
    ),
)

_ACCESS: Final = (
    _rule("role.added", "a role is new", "Somebody gains access.", "Have the access approved.", of=(_G,)),
    _rule("role.removed", "a role is gone", "Its members lose access.", "Keep it until they read something else.", of=(_C, _G)),
    _rule(
        "role.changed",
        "what a role may do, or what of a table it is about, changed",
        "Its members gain or lose access.",
        "Have the access approved.",
        of=(_G,),
    ),
    _rule(
        "role.approvers_changed",
        "others approve requests for the role",
        "Who decides about access changed.",
        "Have it approved by who decided until now.",
        of=(_G,),
    ),
)

_VALUES: Final = (
    _rule("length.tightened", "texts may be less long", _REJECT, _AGREE, of=(_P,)),
    _rule("length.loosened", "texts may be longer", "A string of the lake has no length; like a wider type."),
    _rule("range.tightened", "a smaller range of values or sizes is allowed", _REJECT, _AGREE, of=(_P,)),
    _rule("range.loosened", "a larger range of values or sizes is allowed", _RELY, _TELL, of=(_C,)),
    _rule("enum.added", "only listed values are allowed", _REJECT, _AGREE, of=(_P,)),
    _rule("enum.removed", "any value is allowed, not only listed ones", _RELY, _TELL, of=(_C,)),
    _rule("enum.value_added", "another value is allowed", "Readers that decide by the value meet one they do not know.", _TELL, of=(_C,)),
    _rule("enum.value_removed", "a value is not allowed any more", _REJECT, _AGREE, of=(_P,)),
    _rule("pattern.added", "values have to follow a pattern or a format", _REJECT, _AGREE, of=(_P,)),
    _rule("pattern.removed", "values need not follow the pattern or format", _RELY, _TELL, of=(_C,)),
    _rule("pattern.changed", "values follow another pattern or format", "Which values still match cannot be told.", _AGREE, of=(_C, _P)),
    _rule("value_rule.added", "another rule for values holds", _REJECT, _AGREE, of=(_P,)),
    _rule("value_rule.removed", "a rule for values is gone", _RELY, _TELL, of=(_C,)),
    _rule("value_rule.changed", "a rule for values is another one", "Which values still satisfy it cannot be told.", _AGREE, of=(_C, _P)),
    _rule("quality.added", "a quality rule is new", "Deliveries that were good may break it.", _AGREE, of=(_P,)),
    _rule("quality.removed", "a quality rule is gone", _RELY, _TELL, of=(_C,)),
    _rule("quality.tightened", "a quality rule demands more", "Deliveries that were good may break it.", _AGREE, of=(_P,)),
    _rule("quality.loosened", "a quality rule demands less", _RELY, _TELL, of=(_C,)),
    _rule("quality.changed", "a quality rule demands something else", "Whether it is more or less cannot be told.", _AGREE, of=(_C, _P)),
    _rule("quality.handling_changed", "when, how or how severely a quality rule is judged changed", "What it demands is the same."),
    _rule("relationship.added", "a reference to another table is new", "Values without a partner break it.", _AGREE, of=(_P,)),
    _rule("relationship.removed", "a reference to another table is gone", "Joins may find no partner.", _TELL, of=(_C,)),
    _rule(
        "relationship.tightened", "a value without a partner rejects its row", "Rows that were only told of are rejected.", _AGREE, of=(_P,)
    ),
    _rule("relationship.loosened", "a value without a partner is only told of", "Joins may find no partner.", _TELL, of=(_C,)),
    _rule("relationship.changed", "a reference leads elsewhere", "Joins and deliveries rely on it.", _AGREE, of=(_C, _P)),
)

_SERVICE: Final = (
    _rule(
        "retention.cut",
        "data is kept for less long, or no longer for good",
        "What is older is deleted, and that cannot be undone.",
        "Have it approved, and give readers time to copy what they need.",
        of=(_C, _G),
    ),
    _rule(
        "retention.removed",
        "nothing says any more how long data is kept",
        "It is kept for good, also what has to be deleted by some day.",
        "State a retention, or have it approved by whoever answers for the data.",
        of=(_G,),
    ),
    _rule("retention.lengthened", "data is kept longer", "Nothing is lost. See whether it has to be deleted by some day."),
    _rule("service_level.added", "a service level is new", "More is promised."),
    _rule("service_level.strengthened", "a service level promises more", "More is promised."),
    _rule("service_level.weakened", "a service level promises less", "Readers planned with it.", _TELL, of=(_C,)),
    _rule("service_level.removed", "a service level is gone", "Readers planned with it.", _TELL, of=(_C,)),
    _rule(
        "service_level.changed",
        "a service level promises something else",
        "Whether it is more or less cannot be told.",
        "Tell readers before.",
        of=(_C,),
    ),
    _rule("status.retired", "the product is retired", "Readers have to leave it.", "Set status: deprecated first.", of=(_C,)),
    _rule(
        "status.withdrawn",
        "a product that was active, or deprecated, is only proposed or a draft",
        "Nobody stands by what it promised.",
        "Keep it active, or retire it openly.",
        of=(_C,),
    ),
    _rule("status.changed", "the status changed", "What is promised holds on; readers of a deprecated product should look for another."),
    _rule("server.added", "another server has the data", "The others are as they were."),
    _rule("server.removed", "a server has the data no more", "Whoever reads there fails.", "Keep it until nobody reads there.", of=(_C,)),
    _rule("server.changed", "a server is elsewhere or another one", "Whoever reads there fails.", "Add the new one beside it.", of=(_C,)),
    _rule("price.changed", "the price changed", "The data is as it was. Tell those who pay."),
)

_PEOPLE: Final = (
    _rule("owner.removed", "nobody is named as owner", "Nobody answers for the data.", "Name an owner in team.", of=(_G,)),
    _rule("team.changed", "the team changed", "The data is as it was."),
    _rule("support.changed", "whom to ask changed", "The data is as it was."),
)

_WORDS: Final = (
    _rule("version.changed", "the contract's version changed", "It says what the other changes are."),
    _rule("standard.changed", "the contract follows another version of the standard", "What it means differently is told by itself."),
    _rule("deprecation.changed", "something is marked as deprecated, or not any more", "It is there as before."),
    _rule("lineage.changed", "how values are made changed", "Names and types are as they were. Tell readers if the meaning differs."),
    _rule("documentation.changed", "a text, name or example for people changed", "The data is as it was."),
    _rule("tags.changed", "tags changed", "The lake grants by class, not by these."),
    _rule("custom.changed", "a custom property of somebody else changed", "The lake does not read it. Who does should look."),
    _rule("spelling.changed", "something is written differently and means the same", "The lake builds the same."),
    _rule("other.changed", "something changed that no other rule is about", "The lake does not read it."),
)

RULES: Final = (*_CLASSES, *_ACCESS, *_VALUES, *_SERVICE, *_PEOPLE, *_WORDS)
"""In the order of the documentation."""
