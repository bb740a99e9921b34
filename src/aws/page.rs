//! The pages of a listing: how one is requested, and where the next one starts.
//!
//! **Invariant:** knows nothing of tables and records, nor of how calls are spaced and retried.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::error::{AwsError, AwsErrorKind};
use super::session::ServiceClient;
use crate::decode::{ItemSelector, Scalars};

/// A page token: one text, or several if AWS pages by more.
pub(crate) type Token = Vec<String>;

/// Sends one request and returns where the listing continues. The items are decoded by the transport.
pub(crate) type SendFn = for<'a> fn(&'a ServiceClient, &'a CallParams) -> BoxFuture<'a, Result<NextPage, AwsError>>;

/// The request for one page of a listing.
#[derive(Clone)]
pub(crate) struct PageRequest {
    /// The operation as IAM names it, such as `ec2:DescribeVpcs`.
    pub operation: &'static str,
    /// Sends the request for the page.
    pub send: SendFn,
    /// Selects which part of the response is decoded into items.
    pub selector: Arc<ItemSelector>,
    /// The arguments of the request.
    pub params: CallParams,
}

/// The arguments of one call.
#[derive(Clone, Debug, Default)]
pub struct CallParams {
    /// The token of the page; `None` for the first.
    pub token: Option<Token>,
    /// The parent's id, or the ids of the resources to describe.
    pub subjects: Vec<String>,
    /// The cell's region, or `global`.
    pub region: String,
}

/// Where a listing continues after a page.
#[derive(Debug)]
pub enum NextPage {
    /// This was the last page.
    End,
    /// Another page follows, with this token.
    Page(Token),
    /// AWS has more items, but returned no token for them. The page is kept, and the listing has failed.
    Truncated(AwsError),
}

impl CallParams {
    /// The token, for operations that page by one text.
    pub fn token(&self) -> Option<String> {
        self.token.as_ref().and_then(|token| token.first().cloned())
    }

    /// The first subject; empty if the call has none.
    pub fn subject(&self) -> String {
        self.subjects.first().cloned().unwrap_or_default()
    }
}

impl NextPage {
    /// The page of this token. No token, and an empty one, mean the end.
    pub fn from_token(token: Option<String>) -> Self {
        token.filter(|token| !token.is_empty()).map_or(Self::End, |token| Self::Page(vec![token]))
    }

    /// The page of this marker. A truncated response without a marker is an error; otherwise an incomplete listing would
    /// look complete. An empty marker is none: it would list from the start. A marker in a response that is not truncated is
    /// followed, since the flag may be missing.
    pub(crate) fn from_marker(scalars: &Scalars, token: Option<Token>) -> Result<Self, AwsError> {
        let truncated = is_true(scalars, TRUNCATED)?;
        let token = token.filter(|token| token.first().is_some_and(|first| !first.is_empty()));
        Ok(match (truncated, token) {
            (false, None) => Self::End,
            (_, Some(token)) => Self::Page(token),
            (true, None) => Self::Truncated(AwsError::new(
                AwsErrorKind::Unreadable,
                "the answer is truncated and does not say where it goes on",
            )),
        })
    }
}

/// The flag of a response that another page follows.
const TRUNCATED: &str = "IsTruncated";

/// Whether a boolean beside the items is true.
pub(crate) fn is_true(scalars: &Scalars, name: &str) -> Result<bool, AwsError> {
    scalars.is_true(name).map_err(|error| AwsError::new(AwsErrorKind::Unreadable, error.to_string()))
}

/// The marker of a response that has one on its last page too.
pub(crate) fn marker_if_truncated(scalars: &Scalars, name: &str) -> Option<String> {
    scalars.text(name).filter(|_| scalars.is_true(TRUNCATED) == Ok(true))
}
