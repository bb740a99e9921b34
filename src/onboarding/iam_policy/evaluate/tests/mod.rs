//! Holds the evaluation against IAM's documentation, and against a second implementation.

mod documented;
mod generated;
mod naive;
mod odd;
mod resources;

use serde_json::Value;

use super::super::decode_document;
use super::super::document::PolicyDocument;

fn policy(statements: &Value) -> PolicyDocument {
    let text = serde_json::json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    decode_document(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
