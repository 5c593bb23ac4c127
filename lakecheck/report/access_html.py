"""The matrix as one page that needs nothing else: boxes that filter it, light and dark, to be printed; every name is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from lakecheck.access.grouping import lines
from lakecheck.access.words import ACTIONS, DOORS, Verdict, actions, condition, facts, place, step, verdict, who
from lakecheck.assembly.model import NO_ENVIRONMENT
from lakecheck.checks.base import plural
from lakecheck.report.access_text import is_machinery
from lakecheck.report.json import tool_version
from lakecheck.values import shown
from lakemodel.findings import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lakecheck.access.grouping import Line, Right
    from lakecheck.access.model import Matrix

_TITLE: Final = "Who can reach which data"
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_STYLE: Final = """\
:root { color-scheme: light dark; --line: #8885; --soft: #8882; --if: #b26a00; --unknown: #c0262d; }
@media (prefers-color-scheme: dark) { :root { --if: #f0b860; --unknown: #ff8a8f; } }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 92rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
form { display: flex; flex-wrap: wrap; gap: .8rem; position: sticky; top: 0; background: Canvas; padding: .6rem 0; }
label { display: grid; font-size: .8rem; } label.box { display: flex; align-items: end; gap: .3rem; }
input, select { font: inherit; padding: .2rem .4rem; min-width: 9rem; } input[type=checkbox] { min-width: 0; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; } caption { text-align: left; padding: .4rem 0; }
th, td { box-sizing: border-box; } thead th:nth-child(1) { width: 19%; } thead th:nth-child(2) { width: 10%; }
thead th:nth-child(3) { width: 27%; } thead th:nth-child(4) { width: 21%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
thead th { background: var(--soft); } small { opacity: .75; } summary { cursor: pointer; }
th[scope=row] small { font-weight: normal; } ul { margin: .2rem 0; padding-left: 1.2rem; }
.if { color: var(--if); } .unknown { color: var(--unknown); } code { font-size: .92em; }
@media (max-width: 46rem) {
  form { position: static; } form label { flex: 1 1 9rem; } input, select { width: 100%; box-sizing: border-box; }
  input[type=checkbox] { width: auto; } thead { display: none; } table, caption, tbody { display: block; }
  tr:not([hidden]) { display: block; padding: .6rem 0; border-bottom: 1px solid var(--line); }
  th[scope=row], td { display: block; width: auto; border: 0; padding: .1rem 0; } td:empty { display: none; }
}
@media print { form { display: none; } body { margin: 0; max-width: none; } tr { break-inside: avoid; } }
"""

_SCRIPT: Final = """\
const form = document.forms[0], rows = [...document.querySelectorAll('tbody tr')], told = document.getElementById('told');
const filter = () => {
  const words = Object.fromEntries(['who', 'what', 'column'].map(name => [name, form[name].value.toLowerCase()]));
  let count = 0;
  for (const row of rows) {
    const data = row.dataset;
    const fits = data.who.includes(words.who) && data.what.includes(words.what)
      && (!words.column || data.column === '*' || data.column.split('\\n').some(name => name.includes(words.column)))
      && (!form.environment.value || data.environment === form.environment.value)
      && (!form.door.value || data.doors.split(' ').includes(form.door.value))
      && (!form.action.value || data.actions.split(' ').includes(form.action.value))
      && (form.machinery.checked || !data.machinery);
    row.hidden = !fits;
    count += fits;
  }
  told.textContent = count + ' of ' + rows.length + ' rows';
};
form.addEventListener('input', filter);
form.addEventListener('submit', event => event.preventDefault());
filter();
"""


def render(matrix: Matrix) -> Iterator[str]:
    """The page piece by piece."""
    environments = list(dict.fromkeys(one.dataset.environment for one in matrix.accesses))
    doors = sorted({door.value for one in matrix.accesses for door in (one.door, *(each.door for each in one.via))})
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
    yield f"<title>{_TITLE}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{_TITLE}</h1>\n"
    principals = len({id(one.principal) for one in matrix.accesses})
    yield f"<p>{plural(principals, 'principal')}, {plural(len(matrix.datasets), 'dataset')}{_text(_version())}</p>\n"
    yield "<form>\n"
    for name, label in (("who", "Who"), ("what", "What"), ("column", "Column")):
        yield f'<label>{label}<input name="{name}" type="search"></label>\n'
    yield _choice("environment", "Environment", environments)
    yield _choice("door", "Door", doors)
    yield _choice("action", "Action", [action.value for action in ACTIONS])
    yield '<label class="box"><input name="machinery" type="checkbox"> machinery and AWS services, too</label>\n</form>\n'
    yield '<table>\n<caption id="told" aria-live="polite"></caption>\n<thead><tr><th scope="col">Who</th><th scope="col">may</th>'
    yield '<th scope="col">what</th><th scope="col">through</th><th scope="col">if</th></tr></thead>\n<tbody>\n'
    for own in (True, False):
        for line in lines(matrix, (one for one in matrix.accesses if bool(one.via) is not own)):
            yield from _rows(line, matrix)
    yield "</tbody>\n</table>\n"
    yield from _list("Grants that give nothing", [f"{one.principal}: {one.what}; missing: {one.missing}" for one in matrix.dead])
    yield from _list("Not known", matrix.not_known)
    yield from _list("Assumed", matrix.assumptions)
    yield f"</main>\n<script>\n{_SCRIPT}</script>\n</body>\n</html>\n"


def _rows(line: Line, matrix: Matrix) -> Iterator[str]:
    person = line.principal
    machinery = is_machinery(person, matrix)
    for names, rights in line.cell:
        for right, each in alike(rights).items():
            data = {
                "who": f"{shown(person.name)} {shown(person.arn)}".lower(),
                "what": "\n".join(f"{shown(one.name)} {place(one)}" for one in line.datasets).lower(),
                "column": "*" if names is None else "\n".join(map(shown, names)).lower(),
                "environment": line.environment,
                "doors": " ".join(dict.fromkeys((right.door.value, *(one.door.value for one in right.via)))),
                "actions": " ".join(one.action.value for one in each),
                "machinery": "1" if machinery else "",
            }
            attributes = "".join(f' data-{key}="{_text(value)}"' for key, value in data.items())
            yield f"<tr{attributes}>{_who(line, matrix)}<td>{actions(one.action for one in each)}</td>{_what(line, names)}"
            yield f"<td>{through(line, right)}</td><td>{respects(right)}</td></tr>\n"


def alike(rights: Sequence[Right]) -> dict[Right, list[Right]]:
    """Rights that differ in their action alone, together."""
    found: dict[Right, list[Right]] = {}
    for right in rights:
        found.setdefault(right._replace(action=rights[0].action), []).append(right)
    return found


def _who(line: Line, matrix: Matrix) -> str:
    person = line.principal
    made = matrix.data_plane.get(person.arn)
    reason = f"<br><small>machinery: {_text(shown(made))}</small>" if made is not None else ""
    return f'<th scope="row">{_text(who(person))}<br><small>{_text(shown(person.account))}</small>{reason}</th>'


def _what(line: Line, names: tuple[str, ...] | None) -> str:
    texts = [f"<code>{_text(place(dataset))}</code>" for dataset in line.datasets]
    data = (
        texts[0]
        if len(texts) == 1
        else f"<details><summary>{texts[0]} and {len(texts) - 1:,} more</summary>{', '.join(texts[1:])}</details>"
    )
    columns = (
        "" if names is None else f"<br>{plural(len(names), 'column')}: {', '.join(f'<code>{_text(shown(name))}</code>' for name in names)}"
    )
    where = "" if line.environment in ("", NO_ENVIRONMENT) else f"<small>{_text(line.environment)}</small>"
    return f"<td><div>{data}{columns}</div>{where}</td>"


def through(line: Line, right: Right) -> str:
    """The way and the reasons behind it, as markup."""
    steps = ", ".join(_text(step(one)) for one in right.via)
    door = "" if right.via and right.via[-1].door is right.door else DOORS[right.door]
    reasons = [reason for one in right.via for reason in one.because]
    reasons += next((access.because for access in line.accesses if access.via == right.via and access.door is right.door), ())
    because = "".join(f"<li>{_text(shown(reason))}</li>" for reason in dict.fromkeys(reasons))
    words = ", then ".join(filter(None, (steps, door)))
    return f"{words}{f'<details><summary>because</summary><ul>{because}</ul></details>' if because else ''}"


def respects(right: Right) -> str:
    """Rows and conditions, as markup; what is not known is folded."""
    parts = [f"rows where <code>{_text(shown(right.rows))}</code>"] if right.rows else []
    if right.enforced_by_engine:
        parts.append("the engine holds the rest back")
    words = _text(condition(right.conditions))
    if words and verdict(right.conditions) is Verdict.UNKNOWN:
        open_facts = "".join(f"<li>{_text(shown(each))}</li>" for each in facts(right.conditions))
        label = f'<strong class="unknown">not known</strong>: {plural(len(facts(right.conditions)), "open question")}'
        parts.append(f"<details><summary>{label}</summary><ul>{open_facts}</ul>{words}</details>")
    elif words:
        parts.append(f'<strong class="if">if</strong> {words}')
    return "<br>".join(parts)


def _version() -> str:
    version = tool_version()
    return "" if version == "0" else f"; lakecheck {version}"


def _choice(name: str, label: str, values: Iterable[str]) -> str:
    options = "".join(f'<option value="{_text(value)}">{_text(value)}</option>' for value in values if value)
    return f'<label>{label}<select name="{name}"><option value="">any</option>{options}</select></label>\n'


def _list(title: str, texts: Iterable[str]) -> Iterator[str]:
    found = list(texts)
    if found:
        yield f"<h2>{title}</h2>\n<ul>\n"
        for text in found:
            yield f"<li>{_text(shown(text))}</li>\n"
        yield "</ul>\n"


def _text(text: str) -> str:
    """Text that can stand in an element or an attribute; line breaks stay, what cannot be seen is escaped."""
    return escape("\n".join(printable(line) for line in text.split("\n")))
