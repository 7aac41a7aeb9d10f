"""Diagrams of every state machine, drawn from the transitions in the code, so that they cannot lie."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.utils import translation
from django_fsm import ANY_OTHER_STATE, ANY_STATE, FSMField, State

OUR_APPS = ("merchant", "orders", "logistics", "aftersales", "cs_workbench")


def machines() -> Iterator[tuple[type[Model], FSMField]]:
    """Each model of ours with a state machine, with the field that holds its state."""
    for label in OUR_APPS:
        for model in apps.get_app_config(label).get_models():
            for field in model._meta.fields:
                if isinstance(field, FSMField):
                    yield model, field


def moves(model: type[Model], field: FSMField) -> list[tuple[str, str, str, str]]:
    """(verb, from, to, docstring), sorted by the order in which the states and verbs are written down."""
    order = [value for value, _ in field.choices or []]
    found: list[tuple[str, str, str, str]] = []
    for transition in field.get_all_transitions(model):
        words = (transition.method.__doc__ or "").strip().split("\n")[0]
        for target in targets_of(transition.target):
            for source in sources_of(transition.source, target, order):
                found.append((transition.name, str(source), str(target or source), words))
    return sorted(set(found), key=lambda move: (position(order, move[1]), position(order, move[2]), move[0]))


def sources_of(source: Any, target: Any, order: list[str]) -> list[str]:
    if source == ANY_STATE:
        return order
    if source == ANY_OTHER_STATE:
        return [value for value in order if value != target]
    return [source]


def targets_of(target: Any) -> list[Any]:
    """The states a transition may end in; None means that it stays where it is."""
    return list(target.allowed_states) if isinstance(target, State) else [target]


def position(order: list[str], value: str) -> int:
    return order.index(value) if value in order else len(order)


def diagram(model: type[Model], field: FSMField) -> str:
    """The page of one machine: a Mermaid diagram, then its states and verbs as tables."""
    with translation.override("en"):
        return "\n".join(_lines(model, field)) + "\n"


def _lines(model: type[Model], field: FSMField) -> Iterator[str]:
    steps = moves(model, field)
    labels = {str(value): str(label) for value, label in field.flatchoices}
    yield f"# {model.__name__}.{field.name}"
    yield ""
    yield f"Drawn by `make states` from `{model.__module__}`; do not edit."
    yield ""
    yield "```mermaid"
    yield "stateDiagram-v2"
    for value in labels:
        yield f'    state "{value}" as s_{value}'
    yield f"    [*] --> s_{field.get_default()}"
    for source, target in dict.fromkeys((source, target) for _, source, target, _ in steps):
        verbs = " / ".join(verb for verb, a, b, _ in steps if (a, b) == (source, target))
        yield f"    s_{source} --> s_{target}: {verbs}"
    left = {source for _, source, target, _ in steps if source != target}
    for value in labels:
        if value not in left:
            yield f"    s_{value} --> [*]"
    yield "```"
    yield ""
    yield "| state | label |"
    yield "| --- | --- |"
    for value, label in labels.items():
        yield f"| `{value}` | {label} |"
    yield ""
    yield "| verb | from | to | |"
    yield "| --- | --- | --- | --- |"
    for verb in dict.fromkeys(verb for verb, *_ in steps):
        mine = [step for step in steps if step[0] == verb]
        sources = ", ".join(f"`{value}`" for value in dict.fromkeys(step[1] for step in mine))
        targets = ", ".join(f"`{value}`" for value in dict.fromkeys(step[2] for step in mine))
        yield f"| {verb} | {sources} | {targets} | {mine[0][3].replace('|', '/')} |"


def pages() -> dict[str, str]:
    """File name and text of every page of docs/states/, the list of them included."""
    found = {
        f"{model._meta.app_label}.{model._meta.model_name}.md": diagram(model, field) for model, field in machines()
    }
    contents = ["# State machines", "", "One page each, drawn from the code by `make states`.", ""]
    contents += [f"- [{name.removesuffix('.md')}]({name})" for name in sorted(found)]
    return found | {"README.md": "\n".join(contents) + "\n"}
