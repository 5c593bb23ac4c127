"""Kinds of change of what there is: products, tables, columns, types, keys, layout, delivery."""

from __future__ import annotations

from typing import Final

from lakemodel.contracts.diff.model import ChangeClass, Rule

_C: Final = ChangeClass.CONSUMERS
_P: Final = ChangeClass.PRODUCERS
_G: Final = ChangeClass.GOVERNANCE


def _rule(rule_id: str, what: str, why: str, remedy: str = "", *, of: tuple[ChangeClass, ...] = (ChangeClass.COMPATIBLE,)) -> Rule:
    return Rule(id=rule_id, classes=frozenset(of), what=what, why=why, remedy=remedy)


_PRODUCTS: Final = (
    _rule("product.added", "a product is new", "Nobody relies on it yet."),
    _rule(
        "product.removed",
        "a product is gone",
        "Its grants and its pipeline go with the next deployment; its tables and data stay.",
        "Set status: deprecated first, and remove the contract when nobody reads it any more.",
        of=(_C, _P, _G),
    ),
    _rule(
        "product.renamed",
        "the product has another name",
        "Objects, pipeline and job role have the product's name: producers deliver to another prefix, readers find a new table.",
        "Keep dataProduct; a better name for people can stand in name or description.",
        of=(_C, _P),
    ),
    _rule(
        "product.domain_changed",
        "the product belongs to another domain",
        "The domain is the database, the prefix and an LF-Tag: it is another table, and who may read the domain may read it.",
        "Publish it in the new domain as a product of its own and retire the old one.",
        of=(_C, _P, _G),
    ),
    _rule(
        "product.id_changed",
        "the contract has another id",
        "By its id others know the product, so it is another product to them.",
        "Keep the id as long as it is the same product.",
        of=(_C,),
    ),
    _rule(
        "product.not_compared",
        "the product cannot be compared",
        "BASE cannot be read here, so nothing says what was promised, and a protection that is lost would not be seen.",
        "Compare with the last state that could be read; have this one approved when it repairs what is broken.",
        of=(_G,),
    ),
)

_TABLES: Final = (
    _rule("table.added", "a table is new", "Nobody relies on it yet."),
    _rule(
        "table.removed",
        "a table is gone",
        "Queries fail, deliveries are not taken any more, grants are revoked; the data stays.",
        "Mark it deprecated first; remove it when nobody reads it any more.",
        of=(_C, _P, _G),
    ),
    _rule(
        "table.format_changed",
        "the table is kept in another format",
        "It becomes another kind of table: files that are there are not part of it, and not every engine reads both.",
        "Describe a new table in the other format beside it.",
        of=(_C, _G),
    ),
    _rule(
        "table.physical_name_changed",
        "the producer's name of the table changed",
        "It says what the delivered data comes from.",
        "Agree on it with the producer.",
        of=(_P,),
    ),
    _rule("table.kind_changed", "what the producer's table is (table, view, topic) changed", "The lake builds the same table of each."),
    _rule(
        "table.layout_changed",
        "a property that says how the table is laid out changed",
        "Engines find its files by it.",
        "Describe a new table with the other layout beside it.",
        of=(_C, _G),
    ),
)

_COLUMNS: Final = (
    _rule("column.added", "an optional column is new", "Old rows read as NULL; queries that name their columns see no difference."),
    _rule(
        "column.added_required",
        "a required column is new",
        "Rows without it are rejected, so every producer has to deliver it at once.",
        "Add it as optional, and require it once every producer delivers it.",
        of=(_P,),
    ),
    _rule(
        "column.removed",
        "a column is gone",
        "Queries that name it fail; its values are not taken over any more.",
        "Mark it deprecated first; remove it when nobody reads it any more.",
        of=(_C, _P),
    ),
    _rule(
        "column.reordered",
        "columns stand in another order",
        "SELECT * and INSERT by position mean other columns.",
        "Append new columns at the end and leave the others where they are.",
        of=(_C,),
    ),
    _rule(
        "column.source_changed",
        "the column is read from another name of the delivery",
        "Rows under the old name are rejected, or read as NULL.",
        "Let the producer deliver both names until everybody has changed.",
        of=(_P,),
    ),
    _rule("field.added", "an optional part of a nested column is new", "Old rows read as NULL there."),
    _rule(
        "field.added_required",
        "a required part of a nested column is new",
        "Values without it break the contract.",
        "Add it as optional first.",
        of=(_P,),
    ),
    _rule(
        "field.removed",
        "a part of a nested column is gone",
        "Queries that name it fail; its values are not taken over any more.",
        "Mark it deprecated first; remove it when nobody reads it any more.",
        of=(_C, _P),
    ),
    _rule(
        "field.reordered",
        "parts of a nested column stand in another order",
        "Whoever reads them by position reads other parts.",
        "Append new parts at the end and leave the others where they are.",
        of=(_C,),
    ),
)

_TYPES: Final = (
    _rule("type.widened", "the type holds more (int to bigint, float to double, more digits)", "Every old value is one of the new type."),
    _rule(
        "type.widened_files",
        "the type of a column in Parquet files holds more",
        "Files that are there keep the old type, which engines do not read as the new one.",
        "Take a new column, or keep the table as Iceberg.",
        of=(_C,),
    ),
    _rule(
        "type.narrowed",
        "the type holds less",
        "Values that were good are not any more, and what is stored cannot become the new type.",
        "Take a new column of the new type and keep the old one.",
        of=(_C, _P),
    ),
    _rule(
        "type.changed",
        "the type is another one",
        "Queries compute with the old one, deliveries spell values of the old one, and stored values cannot become the new one.",
        "Take a new column of the new type and keep the old one.",
        of=(_C, _P),
    ),
    _rule(
        "type.unresolved",
        "a type that the lake cannot tell was written differently",
        "Whether it holds the same values cannot be known.",
        "Write a type that the lake knows; `lakecheck contracts validate` says what is wrong with it.",
        of=(_C, _P),
    ),
)

_KEYS: Final = (
    _rule(
        "primary_key.added", "the table has a primary key now", "Rows that repeat it are rejected.", "Agree on it with producers.", of=(_P,)
    ),
    _rule(
        "primary_key.removed",
        "the table has no primary key any more",
        "Joins on it can multiply rows.",
        "Keep the key as long as it holds.",
        of=(_C,),
    ),
    _rule(
        "primary_key.changed",
        "the primary key has other columns",
        "What counts as the same row is different for who delivers and who joins.",
        "Describe a new table with the other key.",
        of=(_C, _P),
    ),
    _rule("unique.added", "values have to be unique", "Rows that repeat one are rejected.", "Agree on it with producers.", of=(_P,)),
    _rule("unique.removed", "values may repeat", "Joins on it can multiply rows.", "Keep it unique, or tell its readers.", of=(_C,)),
    _rule("required.added", "a value is required", "Rows without it are rejected.", "First let every producer deliver it.", of=(_P,)),
    _rule(
        "required.removed", "a value may be NULL", "Whoever relied on one meets NULL.", "Keep it required, or tell its readers.", of=(_C,)
    ),
    *(
        _rule(
            f"partition.{word}",
            what,
            "Queries that relied on it read more, or all, of the table; what can be found and expired by partition changes.",
            "Describe a new table with the other partitioning, or agree on it with readers and whoever keeps the data.",
            of=(_C, _G),
        )
        for word, what in (
            ("added", "the table is partitioned now"),
            ("dropped", "the table, or a level of it, is not partitioned any more"),
            ("changed", "the table is partitioned by other columns, transforms or in another order"),
        )
    ),
)

_DELIVERY: Final = (
    _rule(
        "delivery.changed",
        "files have to be delivered differently",
        "Files in the old form are read wrongly, or not at all.",
        "Agree on a day with every producer.",
        of=(_P,),
    ),
    _rule(
        "delivery.refused",
        "files with other columns, or columns in another order, are quarantined",
        "Files that were taken are rejected whole.",
        "Agree on a day with every producer.",
        of=(_P,),
    ),
    _rule("delivery.taken", "files with more columns, or columns in another order, are taken", "What was taken before is taken as before."),
    _rule(
        "delivery.missing_as_null",
        "a file that lacks a column is taken, and the column is NULL",
        "Readers meet NULL in all rows of such a file, where the file was rejected before.",
        "Keep missingColumns: quarantine, or tell readers before.",
        of=(_C,),
    ),
    _rule("delivery.volume_changed", "another volume is expected", "The job may get other workers; rows are as they were."),
    _rule(
        "delivery.positions_changed",
        "columns of files without a header stand at other positions",
        "Values of files in the old order end up in other columns.",
        "Deliver a header, or append columns at the end and agree on a day.",
        of=(_P,),
    ),
    _rule(
        "delivery.timezone_changed",
        "values without a zone are meant in another zone",
        "The same text is another moment.",
        "Deliver values with their offset.",
        of=(_C, _P),
    ),
)

_ROWS: Final = (
    _rule(
        "duplicates.rows_changed",
        "rows that are equal are kept, or kept no more",
        "Counts and sums over the table become other ones.",
        "Tell readers before.",
        of=(_C,),
    ),
    _rule(
        "duplicates.key_conflict_changed",
        "another one of two rows with the same key is published",
        "Readers see other values, and corrections that producers deliver are taken, or rejected, where they were not.",
        "Agree on it with producers and readers.",
        of=(_C, _P),
    ),
)

_SCHEDULE: Final = (
    _rule(
        "schedule.added",
        "deliveries are ingested at a time of day, not on arrival",
        "Data is published later than it was.",
        "Tell readers before.",
        of=(_C,),
    ),
    _rule("schedule.removed", "deliveries are ingested on arrival, not at a time of day", "Data is published sooner."),
    _rule(
        "schedule.later",
        "deliveries are ingested later in the day",
        "Data is published later than it was.",
        "Tell readers before.",
        of=(_C,),
    ),
    _rule(
        "schedule.earlier",
        "deliveries are ingested earlier in the day",
        "What is delivered between the new time and the old one waits for the next day.",
        "Agree on it with producers.",
        of=(_P,),
    ),
    _rule("schedule.narrowed", "deliveries are ingested within a shorter time", "Data is published as soon as before, or sooner."),
    _rule(
        "schedule.changed",
        "deliveries are ingested on other days or in another time zone",
        "Some day comes later for readers, or sooner for producers.",
        "Agree on it with producers and readers.",
        of=(_C, _P),
    ),
)

RULES: Final = (*_PRODUCTS, *_TABLES, *_COLUMNS, *_TYPES, *_KEYS, *_DELIVERY, *_ROWS, *_SCHEDULE)
"""In the order of the documentation."""
