"""Reads the template of Athena's views as CloudFormation would, and carries its tables and views over to DuckDB.

Knows the few functions that the template uses, and no more; and of Athena, that a view's text is base64 of JSON and
that `"$path"` names a row's file. What carries over says nothing of how fast Athena is, or what it reads.
"""

from __future__ import annotations

import base64
import json
import re
from functools import lru_cache
from typing import Any

import duckdb
import sqlglot
import yaml

from expect import expect, same

LARGEST = 1_000_000  # bytes; CloudFormation's limits for a template that lies on S3
MOST_RESOURCES = 500
HIVE_TO_PRESTO = {"string": "varchar", "boolean": "boolean", "bigint": "bigint", "double": "double"}
HIVE_TO_PRESTO |= {"timestamp": "timestamp(3)", "map<string,string>": "map(varchar,varchar)"}
HIVE_TO_DUCKDB = {"string": "VARCHAR", "boolean": "BOOLEAN", "bigint": "BIGINT", "double": "DOUBLE"}
HIVE_TO_DUCKDB |= {"timestamp": "TIMESTAMPTZ", "map<string,string>": "MAP(VARCHAR, VARCHAR)"}


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML with CloudFormation's short forms."""


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


def resolve(whole: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
    """The resources, with every function carried out."""
    values = {name: str(p.get("Default", "")) for name, p in whole["Parameters"].items()} | given
    values["AWS::AccountId"] = "999999999999"
    values["GlueDatabase"] = values["Database"]

    def of(node: Any) -> Any:
        if isinstance(node, list):
            return [of(item) for item in node]
        if not isinstance(node, dict):
            return node
        if len(node) != 1 or not (next(iter(node)) == "Ref" or next(iter(node)).startswith("Fn::")):
            return {key: of(value) for key, value in node.items()}
        [(name, inner)] = node.items()
        match name:
            case "Ref":
                return values[inner]
            case "Fn::Sub":
                pattern, more = inner if isinstance(inner, list) else (inner, {})
                known = values | {key: of(value) for key, value in more.items()}
                return re.sub(r"\$\{(!?)([^}]+)\}", lambda m: "${" + m[2] + "}" if m[1] else str(known[m[2]]), pattern)
            case "Fn::Base64":
                return base64.b64encode(of(inner).encode()).decode()
            case "Fn::Join":
                return inner[0].join(of(inner[1]))
            case "Fn::Split":
                return of(inner[1]).split(inner[0])
            case "Fn::Equals":
                return of(inner[0]) == of(inner[1])
            case "Fn::Not":
                return not of(inner[0])
            case "Fn::If":
                return of(inner[1] if of(whole["Conditions"][inner[0]]) else inner[2])
        raise SystemExit(f"views: no way to carry out {name} yet")

    resources = whole["Resources"].items()
    return {k: of(r) for k, r in resources if "Condition" not in r or of(whole["Conditions"][r["Condition"]])}


def tables(resources: dict[str, Any]) -> list[dict[str, Any]]:
    return [r["Properties"]["TableInput"] for r in resources.values() if r["Type"] == "AWS::Glue::Table"]


def decoded(text: str) -> dict[str, Any]:
    """What Athena finds in a view's text."""
    held = re.fullmatch(r"/\* Presto View: ([A-Za-z0-9+/=]+) \*/", text)
    expect(held is not None, f"Athena would not take this for a view: {text[:100]}")
    return json.loads(base64.b64decode(held[1] if held else ""))


def kept(view: dict[str, Any]) -> dict[str, Any]:
    """What Athena finds in a view's text, held against the view's columns."""
    found, name = decoded(view["ViewOriginalText"]), view["Name"]
    same(f"what {name} is kept as", list(found), ["originalSql", "catalog", "schema", "columns"])
    same(f"the expanded text of {name}", view["ViewExpandedText"], "/* Presto View */")
    same(f"the parameters of {name}", view["Parameters"], {"presto_view": "true", "comment": "Presto View"})
    of_glue = [(column["Name"], HIVE_TO_PRESTO[column["Type"]]) for column in view["StorageDescriptor"]["Columns"]]
    same(f"the columns in {name}'s text", [(column["name"], column["type"]) for column in found["columns"]], of_glue)
    return found


@lru_cache(maxsize=None)
def of_duckdb(sql: str) -> str:
    sqlglot.parse_one(sql, read="trino")  # Athena's own dialect passes more
    return sqlglot.transpile(sql, read="athena", write="duckdb")[0]


def carry_over(con: duckdb.DuckDBPyConnection, resources: dict[str, Any], folder: str, address: str) -> None:
    """Makes the template's tables and views in DuckDB, over a folder that stands for the address on S3."""
    waiting = []
    for table in tables(resources):
        if table["TableType"] == "VIRTUAL_VIEW":
            waiting.append(table)
        else:
            con.execute(stored(con, table, folder, address))
    for view in waiting:
        # "$path" is hidden in Athena: `select t.*` does not give it.
        sql = of_duckdb(kept(view)["originalSql"])
        sql = sql.replace("SELECT t.* FROM raw_", 'SELECT t.* EXCLUDE ("$path") FROM raw_')
        con.execute(f'create view "{view["Name"]}" as {sql}')
        columns = [column["Name"] for column in view["StorageDescriptor"]["Columns"]]
        got = [row[0] for row in con.execute(f'describe "{view["Name"]}"').fetchall()]
        same(f"the columns that {view['Name']} gives", got, columns)


def stored(con: duckdb.DuckDBPyConnection, table: dict[str, Any], folder: str, address: str) -> str:
    """The statement that makes a table over files."""
    storage, parameters = table["StorageDescriptor"], table["Parameters"]
    location = storage["Location"]
    same("a table's template for dates", parameters["storage.location.template"], location + "dt=${dt}/")
    expect(location.startswith(f"{address}/") and location.endswith("/"), f"{location} is not below {address}")
    below = location.removeprefix(f"{address}/").rstrip("/")
    expect("//" not in f"/{below}", f"{location} has two slashes in a row")
    files = f"'{folder}/{below}/dt=*/*'"
    columns = {column["Name"]: HIVE_TO_DUCKDB[column["Type"]] for column in storage["Columns"]}
    serde = storage["SerdeInfo"]
    if not con.execute(f"from glob({files})").fetchall():
        nulls = ", ".join(f'null::{kind} as "{name}"' for name, kind in columns.items())
        reader = f"(select {nulls}, '' as filename where false)"
    elif "json" in serde["SerializationLibrary"]:
        reader = f"read_json({files}, filename = true, columns = {columns})"
    else:
        same(f"how {table['Name']} is read", serde["Parameters"], {"parquet.column.index.access": "false"})
        of_each = (f"'{n}': {{name: '{n}', type: '{k}', default_value: null}}" for n, k in columns.items())
        reader = f"read_parquet({files}, filename = true, schema = map {{{', '.join(of_each)}}})"
    names = ", ".join(f'"{name}"' for name in columns)
    day = "regexp_extract(filename, 'dt=([^/]+)', 1) as dt"
    path = f"'{address}/' || substr(filename, {len(folder) + 2}) as \"$path\""
    return f'create view "{table["Name"]}" as select {names}, {day}, {path} from {reader}'
