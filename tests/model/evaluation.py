"""Evaluates the functions and conditions of a CloudFormation template, as far as the customer's template has them.

It knows nothing of resources: it takes values that YAML gave and returns them without functions.
"""

from __future__ import annotations

import re
from typing import Any

from modules import snake


def plain(value: Any, conditions: dict[str, bool]) -> Any:
    """Evaluates the functions in a value of the template. A parameter becomes `<parameter_name>`."""
    if isinstance(value, list):
        items = [plain(item, conditions) for item in value]
        return [item for item in items if item != "<AWS::NoValue>"]
    if not isinstance(value, dict):
        return value
    match value:
        case {"If": [condition, yes, no]}:
            return plain(yes if conditions[condition] else no, conditions)
        case {"Ref": name}:
            return f"<{name if ':' in name else snake(name)}>"
        case {"Sub": [text, names]}:
            inserted = {name: plain(inner, conditions) for name, inner in names.items()}
            text = re.sub(r"\$\{(\w+)\}", lambda match: inserted.get(match[1], match[0]), text)
            return plain({"Sub": text}, conditions)
        case {"Sub": str(text)}:
            return re.sub(r"\$\{([^}]+)\}", lambda match: plain({"Ref": match[1]}, conditions), text)
    return {name: plain(inner, conditions) for name, inner in value.items()}


def condition(expression: Any, given: dict[str, str]) -> bool:
    match expression:
        case {"Not": [inner]}:
            return not condition(inner, given)
        case {"Or": inner}:
            return any(condition(one, given) for one in inner)
        case {"Equals": [{"Ref": name}, value]}:
            return given[name] == value
    raise ValueError(f"the condition {expression} is not supported")
