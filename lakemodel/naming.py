"""Names that several parts of the lake have to agree on, derived and never typed twice."""

from __future__ import annotations

import hashlib
import re

from lakemodel.config.model import Zone

DATABASE_SUFFIX = {Zone.CURATED: "", Zone.CONSUMPTION: "_consumption", Zone.QUARANTINE: "_quarantine"}

LF_TAG_DOMAIN = "domain"
LF_TAG_ZONE = "zone"
LF_TAG_CLASSIFICATION = "classification"

_DIGEST_LENGTH = 8


def normalize(name: str) -> str:
    """`name` as the catalog spells it: lower case, `[a-z0-9_]`, one underscore for each run of anything else.

    Distinct names can collide afterwards; whoever normalises several has to check.

    Example:
        >>> normalize("Customer E-Mail")
        'customer_e_mail'
    """
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def pascal_case(name: str) -> str:
    """A name of lake.yaml as a construct id. Distinct names can collide (`a_b`, `ab` but for case); the configuration refuses those.

    Example:
        >>> pascal_case("data_analyst"), pascal_case("prod")
        ('DataAnalyst', 'Prod')
    """
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def database_name(domain: str, zone: Zone) -> str:
    """The Glue database of a domain in a governed zone.

    Raises:
        KeyError: If Lake Formation does not govern the zone: it has no database.

    Example:
        >>> database_name("sales", Zone.CURATED), database_name("sales", Zone.QUARANTINE)
        ('sales', 'sales_quarantine')
    """
    return domain + DATABASE_SUFFIX[zone]


def product_prefix(domain: str, product: str) -> str:
    """Where a product's objects stand in every zone's bucket; ends with a slash.

    Example:
        >>> product_prefix("sales", "orders")
        'sales/orders/'
    """
    return f"{domain}/{product}/"


def table_prefix(domain: str, product: str, table: str) -> str:
    """Where a table's objects stand in every zone's bucket; ends with a slash.

    Example:
        >>> table_prefix("sales", "orders", "order_lines")
        'sales/orders/order_lines/'
    """
    return f"{product_prefix(domain, product)}{table}/"


def physical_name(*parts: str, max_length: int, separator: str = "-") -> str:
    """The parts joined, cut to `max_length` with a digest of the whole when it is longer, so that names stay distinct.

    Example:
        >>> physical_name("lake", "prod", "analyst", max_length=64)
        'lake-prod-analyst'
    """
    name = separator.join(parts)
    if len(name) <= max_length:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"{name[: max_length - _DIGEST_LENGTH - len(separator)]}{separator}{digest}"
