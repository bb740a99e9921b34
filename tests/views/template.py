"""Evaluates the template of Athena's views as CloudFormation would, and translates its tables and views to DuckDB.

It knows only the functions that the template uses. About Athena it knows that a view's text is base64 of JSON, and that
`"$path"` is the file of a row. The translation says nothing of Athena's speed or of the bytes that it scans.
"""

from __future__ import annotations

import base64
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
import yaml

from expect import expect, same

MAX_BYTES = 1_000_000  # this and the next are CloudFormation's limits for a template on S3
MAX_RESOURCES = 500
HIVE_TO_PRESTO = {"string": "varchar", "boolean": "boolean", "bigint": "bigint", "double": "double"}
HIVE_TO_PRESTO |= {"timestamp": "timestamp(3)", "map<string,string>": "map(varchar,varchar)"}
HIVE_TO_DUCKDB = {"string": "VARCHAR", "boolean": "BOOLEAN", "bigint": "BIGINT", "double": "DOUBLE"}
HIVE_TO_DUCKDB |= {"timestamp": "TIMESTAMPTZ", "map<string,string>": "MAP(VARCHAR, VARCHAR)"}


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Loads YAML with CloudFormation's short function forms."""


def short(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: object = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", short)


def load(text: str) -> dict[str, Any]:
    return yaml.load(text, Loader)


def resolve(template: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
    """Returns the resources with all functions evaluated."""
    values = {name: str(p.get("Default", "")) for name, p in template["Parameters"].items()} | given
    values["AWS::AccountId"] = "999999999999"
    values["GlueDatabase"] = values["Database"]
    conditions = template.get("Conditions", {})

    def evaluate(node: Any) -> Any:
        if isinstance(node, list):
            return [evaluate(item) for item in node]
        if not isinstance(node, dict):
            return node
        if len(node) != 1 or not (next(iter(node)) == "Ref" or next(iter(node)).startswith("Fn::")):
            return {key: evaluate(value) for key, value in node.items()}
        [(name, inner)] = node.items()
        match name:
            case "Ref":
                return values[inner]
            case "Fn::Sub":
                pattern, more = inner if isinstance(inner, list) else (inner, {})
                known = values | {key: evaluate(value) for key, value in more.items()}
                return re.sub(r"\$\{(!?)([^}]+)\}", lambda m: "${" + m[2] + "}" if m[1] else str(known[m[2]]), pattern)
            case "Fn::FindInMap":
                found: Any = template["Mappings"]
                for key in inner:
                    found = found[key]
                return found
            case "Fn::Base64":
                return base64.b64encode(evaluate(inner).encode()).decode()
            case "Fn::Join":
                return inner[0].join(evaluate(inner[1]))
            case "Fn::Split":
                return evaluate(inner[1]).split(inner[0])
            case "Fn::Equals":
                return evaluate(inner[0]) == evaluate(inner[1])
            case "Fn::Not":
                return not evaluate(inner[0])
            case "Fn::If":
                return evaluate(inner[1] if evaluate(conditions[inner[0]]) else inner[2])
        raise SystemExit(f"views: the function {name} is not supported")

    resources = template["Resources"].items()
    return {k: evaluate(r) for k, r in resources if "Condition" not in r or evaluate(conditions[r["Condition"]])}


def tables(resources: dict[str, Any]) -> list[dict[str, Any]]:
    return [r["Properties"]["TableInput"] for r in resources.values() if r["Type"] == "AWS::Glue::Table"]


def decoded(text: str) -> dict[str, Any]:
    """Decodes a view's text, as Athena would."""
    match = re.fullmatch(r"/\* Presto View: ([A-Za-z0-9+/=]+) \*/", text)
    expect(match is not None, f"Athena would not read this as a view: {text[:100]}")
    return json.loads(base64.b64decode(match[1] if match else ""))


def checked(view: dict[str, Any]) -> dict[str, Any]:
    """Decodes a view's text and compares it with the view's columns in Glue."""
    found, name = decoded(view["ViewOriginalText"]), view["Name"]
    same(f"the members of {name}'s text", list(found), ["originalSql", "catalog", "schema", "columns"])
    same(f"the expanded text of {name}", view["ViewExpandedText"], "/* Presto View */")
    expect(bool(view.get("Owner")), f"{name} has no owner, so Trino refuses it")
    same(f"the parameters of {name}", view["Parameters"], {"presto_view": "true", "comment": "Presto View"})
    expected = [(column["Name"], HIVE_TO_PRESTO[column["Type"]]) for column in view["StorageDescriptor"]["Columns"]]
    same(f"the columns in {name}'s text", [(column["name"], column["type"]) for column in found["columns"]], expected)
    return found


@cache
def to_duckdb(sql: str) -> str:
    sqlglot.parse_one(sql, read="trino")  # sqlglot's Athena dialect accepts more than Athena
    return sqlglot.transpile(sql, read="athena", write="duckdb")[0]


def translate(con: duckdb.DuckDBPyConnection, resources: dict[str, Any], folder: str, address: str) -> None:
    """Creates the template's tables and views in DuckDB, over a folder in place of the S3 address."""
    views = []
    for table in tables(resources):
        if table["TableType"] == "VIRTUAL_VIEW":
            views.append(table)
        else:
            con.execute(create_table(con, table, folder, address))
    for view in views:
        # "$path" is a hidden column in Athena, which `select t.*` does not return.
        sql = to_duckdb(checked(view)["originalSql"])
        sql = sql.replace("SELECT t.* FROM raw_", 'SELECT t.* EXCLUDE ("$path") FROM raw_')
        con.execute(f'create view "{view["Name"]}" as {sql}')
        columns = [column["Name"] for column in view["StorageDescriptor"]["Columns"]]
        found = [row[0] for row in con.execute(f'describe "{view["Name"]}"').fetchall()]
        same(f"the columns of {view['Name']}", found, columns)


def create_table(con: duckdb.DuckDBPyConnection, table: dict[str, Any], folder: str, address: str) -> str:
    """Returns the statement that creates a table over files."""
    storage = table["StorageDescriptor"]
    location = storage["Location"]
    expect(location.startswith(f"{address}/") and location.endswith("/"), f"{location} is not below {address}")
    relative = location.removeprefix(f"{address}/").rstrip("/")
    expect("//" not in f"/{relative}", f"{location} has two slashes in a row")
    columns = {column["Name"]: HIVE_TO_DUCKDB[column["Type"]] for column in storage["Columns"]}
    if storage["InputFormat"].endswith(".SymlinkTextInputFormat"):
        files, day = named_files(Path(folder) / relative, folder, address), ""
    else:
        expected = location + "dt=${dt}/"
        same("a table's template for partition dates", table["Parameters"]["storage.location.template"], expected)
        pattern = f"{folder}/{relative}/dt=*/*"
        files = [row[0] for row in con.execute("from glob($pattern)", {"pattern": pattern}).fetchall()]
        day = "regexp_extract(filename, 'dt=([^/]+)', 1) as dt, "
    names = ", ".join(f'"{name}"' for name in columns)
    path = f"'{address}/' || substr(filename, {len(folder) + 2}) as \"$path\""
    source = reader(table, columns, files)
    return f'create view "{table["Name"]}" as select {names}, {day}{path} from {source}'


def named_files(place: Path, folder: str, address: str) -> list[str]:
    """Returns the files that the lists in a folder name. Every object there is a list."""
    lines = [line for path in sorted(place.glob("*")) for line in path.read_text().splitlines()]
    expect(all(line.startswith(f"{address}/") for line in lines), f"{place} names files elsewhere: {lines}")
    return [f"{folder}/{line.removeprefix(f'{address}/')}" for line in lines]


def reader(table: dict[str, Any], columns: dict[str, str], files: list[str]) -> str:
    serde = table["StorageDescriptor"]["SerdeInfo"]
    if not files:
        nulls = ", ".join(f'null::{kind} as "{name}"' for name, kind in columns.items())
        return f"(select {nulls}, '' as filename where false)"
    if "json" in serde["SerializationLibrary"]:
        return f"read_json({files}, filename = true, columns = {columns})"
    same(f"the SerDe of {table['Name']}", serde["Parameters"], {"parquet.column.index.access": "false"})
    schema = (f"'{n}': {{name: '{n}', type: '{k}', default_value: null}}" for n, k in columns.items())
    return f"read_parquet({files}, filename = true, schema = map {{{', '.join(schema)}}})"
