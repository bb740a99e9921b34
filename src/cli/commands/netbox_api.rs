//! The REST API of a NetBox: lists objects, and takes steps.
//!
//! **Invariant:** the token is sent to the server that was named alone, over TLS unless the server is this machine, and is in no message.

use std::collections::HashMap;

use http::{Method, Uri};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use crate::answers::export::netbox::{
    ExistingObject, NETBOX_KINDS, NetboxDifference, NetboxKind, NetboxObject, NetboxStep, NetboxValue,
};
use crate::aws::WebClient;
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;
use crate::terminal;

/// The objects of a page. NetBox gives at most 1,000 (`MAX_PAGE_SIZE`).
const PAGE: usize = 500;
/// The objects of a request that changes some. NetBox makes all of them or none.
const BATCH: usize = 100;
/// The most characters of an answer that a message repeats.
const MOST_TOLD: usize = 500;
/// The environment variable with the token.
pub(super) const TOKEN: &str = "NETBOX_TOKEN";

/// A NetBox.
pub(super) struct NetboxApi {
    client: WebClient,
    /// The URL of the API, with a slash at its end.
    base: String,
    token: SecretString,
}

/// Checks the URL of a NetBox.
///
/// # Errors
///
/// Returns what is wrong with it.
pub(super) fn netbox_url(text: &str) -> Result<Uri, Error> {
    let invalid = |what: &str| Error::of(ErrorKind::InvalidRequest, &ValidationErrors::one("--url", what));
    let uri: Uri = text.parse().map_err(|_| invalid("it is no URL: write one such as https://netbox.example.com"))?;
    let host = uri.host().unwrap_or_default();
    let is_own = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    match uri.scheme_str() {
        _ if host.is_empty() => Err(invalid("it has no host: write a URL such as https://netbox.example.com")),
        _ if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) => {
            Err(invalid("it has a user name: the token of the environment is sent instead"))
        }
        _ if uri.query().is_some() => Err(invalid("it has parameters: write it without them")),
        Some("https") => Ok(uri),
        Some("http") if is_own => Ok(uri),
        _ => Err(invalid("it is not https: the token would be sent in the clear")),
    }
}

impl NetboxApi {
    /// Makes a client of a NetBox, with the token of the environment.
    pub(super) async fn open(url: &Uri) -> Result<Self, Error> {
        let token = std::env::var(TOKEN).ok().filter(|token| !token.trim().is_empty());
        let token = token.ok_or_else(|| {
            Error::new(ErrorKind::InvalidSettings, format!("{TOKEN} is not set: it has the API token of the NetBox"))
        })?;
        let client = WebClient::of(url).await.map_err(|what| Error::new(ErrorKind::EndpointUnreachable, what))?;
        let base = format!("{}/api/", url.to_string().trim_end_matches('/'));
        Ok(Self { client, base, token: token.trim().to_owned().into() })
    }

    /// Lists every object of the kinds that an export makes.
    pub(super) async fn existing(&self) -> Result<Vec<ExistingObject>, Error> {
        let mut existing = Vec::new();
        for kind in NETBOX_KINDS {
            let mut offset = 0;
            loop {
                let page =
                    self.call(Method::GET, &format!("{}?limit={PAGE}&offset={offset}", kind.path()), None).await?;
                let items = page["results"].as_array().cloned().unwrap_or_default();
                offset += items.len();
                let is_last = items.is_empty() || page["next"].is_null();
                existing.extend(items.into_iter().filter_map(|fields| {
                    let id = fields["id"].as_u64()?;
                    Some(ExistingObject { kind, id, fields })
                }));
                if is_last {
                    break;
                }
            }
        }
        Ok(existing)
    }

    /// Takes the steps of a difference.
    pub(super) async fn apply(&self, difference: NetboxDifference) -> Result<(), Error> {
        let NetboxDifference { steps, mut ids, .. } = difference;
        let all = steps.len();
        let mut taken = 0;
        for batch in steps.chunk_by(is_of_one_batch).flat_map(|batch| batch.chunks(BATCH)) {
            let result = self.take(batch, &mut ids).await;
            result.map_err(|error| {
                let what = format!("{}\n{taken} of {all} steps were taken before: run it again", error.message);
                Error::new(error.kind, what)
            })?;
            taken += batch.len();
        }
        Ok(())
    }

    async fn take(&self, batch: &[NetboxStep], ids: &mut HashMap<(NetboxKind, String), u64>) -> Result<(), Error> {
        let Some(first) = batch.first() else { return Ok(()) };
        let bodies: Result<Vec<Value>, Error> = batch.iter().map(|step| body_of(step, ids)).collect();
        let (method, kind) = match first {
            NetboxStep::Create(object) => (Method::POST, object.kind),
            NetboxStep::Update { kind, .. } => (Method::PATCH, *kind),
            NetboxStep::Delete { kind, .. } => (Method::DELETE, *kind),
        };
        let is_new = method == Method::POST;
        let answer = self.call(method, kind.path(), Some(Value::Array(bodies?))).await?;
        if is_new {
            let created = answer.as_array().map(Vec::as_slice).unwrap_or_default();
            for (step, created) in batch.iter().zip(created) {
                if let (NetboxStep::Create(object), Some(id)) = (step, created["id"].as_u64()) {
                    ids.insert((object.kind, object.key.clone()), id);
                }
            }
        }
        Ok(())
    }

    /// Sends a request.
    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Error> {
        let failed = |what: &str| {
            let what: String = what.replace(self.token.expose_secret(), "…").chars().take(MOST_TOLD).collect();
            let what = format!("NetBox, {method} {path}: {}", terminal::one_line(&what));
            Error::new(ErrorKind::EndpointUnreachable, what)
        };
        let token = self.token.expose_secret();
        // Tokens of NetBox 4.5 and later say by their form that they are sent as bearer tokens.
        let scheme = if token.starts_with("nbt_") { "Bearer" } else { "Token" };
        let authorization = format!("{scheme} {token}");
        let headers = [
            ("authorization", authorization.as_str()),
            ("accept", "application/json"),
            ("content-type", "application/json"),
        ];
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let url = format!("{}{path}", self.base);
        let answer = self.client.call(method.clone(), &url, &headers, bytes).await.map_err(|what| failed(&what))?;
        if !(200..300).contains(&answer.status) {
            return Err(failed(&format!("status {}: {}", answer.status, String::from_utf8_lossy(&answer.body))));
        }
        if answer.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer.body).map_err(|_| failed("the answer is no JSON: is it the URL of a NetBox?"))
    }
}

/// Whether two steps can be one request.
fn is_of_one_batch(one: &NetboxStep, other: &NetboxStep) -> bool {
    match (one, other) {
        (NetboxStep::Create(one), NetboxStep::Create(other)) => one.kind == other.kind,
        (NetboxStep::Update { kind, .. }, NetboxStep::Update { kind: other, .. })
        | (NetboxStep::Delete { kind, .. }, NetboxStep::Delete { kind: other, .. }) => kind == other,
        _ => false,
    }
}

fn body_of(step: &NetboxStep, ids: &HashMap<(NetboxKind, String), u64>) -> Result<Value, Error> {
    let value = |value: &NetboxValue| match value {
        NetboxValue::Plain(value) => Ok(value.clone()),
        NetboxValue::Reference(kind, key) => ids
            .get(&(*kind, key.clone()))
            .map(|id| json!(id))
            .ok_or_else(|| Error::new(ErrorKind::Internal, format!("the {} `{key}` was not made", kind.names().0))),
    };
    let mut members = Map::new();
    match step {
        NetboxStep::Create(NetboxObject { fields, .. }) => {
            for (name, field) in fields {
                members.insert((*name).to_owned(), value(field)?);
            }
        }
        NetboxStep::Update { id, changes, .. } => {
            members.insert("id".to_owned(), json!(id));
            for (name, (_, field)) in changes {
                members.insert((*name).to_owned(), value(field)?);
            }
        }
        NetboxStep::Delete { id, .. } => drop(members.insert("id".to_owned(), json!(id))),
    }
    Ok(Value::Object(members))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_sent_to_no_odd_url() {
        for url in
            ["https://netbox.example.com", "https://example.com/netbox/", "http://127.0.0.1:8000", "http://localhost"]
        {
            assert!(netbox_url(url).is_ok(), "{url}");
        }
        for url in [
            "http://netbox.example.com",
            "netbox",
            "ftp://x",
            "https://user:pass@x",
            "https://x?y=1",
            "",
            "http://localhost.example",
        ] {
            assert!(netbox_url(url).is_err(), "{url}");
        }
    }
}
