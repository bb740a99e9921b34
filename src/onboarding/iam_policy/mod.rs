//! IAM policies: one set of types for the documents that rolecall prints and for those that it reads from IAM.
//!
//! **Invariant:** apart from [`callers`], knows what a document says and nothing of whether that is good or bad.

mod pattern;
mod document;
mod json;
mod principal;
pub(crate) mod evaluate;
pub(crate) mod callers;
pub(crate) mod applicability;
pub(crate) mod role_reader;
pub(crate) mod user_reader;
pub(crate) mod write;

pub(crate) use document::{EXTERNAL_ID, Element, PolicyDocument, Statement};
pub(crate) use json::decode_document;
pub(crate) use pattern::is_pattern;
pub(crate) use principal::{BackendPrincipal, PrincipalKind};
