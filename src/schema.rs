//! Generates the JSON Schemas of requests, responses, registries, manifests and of the events about a run from the types.

use schemars::{Schema, schema_for};

use crate::change_log::ChangesNotice;
use crate::customers::RegistryFile;
use crate::engine::{Accepted, AskedRun, Manifest, Response, RunNotice};
use crate::event::Request;

/// Returns every schema, with the name of its file in `events/schema/` (without `.schema.json`).
pub fn all() -> Vec<(&'static str, Schema)> {
    vec![
        ("changed", schema_for!(ChangesNotice)),
        ("manifest", schema_for!(Manifest)),
        ("registry", schema_for!(RegistryFile)),
        ("request", schema_for!(Request)),
        ("response", schema_for!(Response)),
        ("run-accepted", schema_for!(Accepted)),
        ("run-asked", schema_for!(AskedRun)),
        ("run-committed", schema_for!(RunNotice)),
    ]
}

/// Formats a schema as it is written to its file.
pub fn text(schema: &Schema) -> String {
    let mut text = serde_json::to_string_pretty(schema).unwrap_or_default();
    text.push('\n');
    text
}
