//! Pages through one listing, with stale and repeated tokens handled.
//!
//! **Invariant:** knows nothing of records.

use std::collections::HashSet;

use crate::aws::{AwsError, AwsErrorKind, Cancellation, DecodedPage, NextPage, PageRequest, ServiceClient, Token};

/// A listing in progress.
pub(super) struct Pager<'a> {
    client: &'a ServiceClient,
    stop: &'a Cancellation,
    request: PageRequest,
    seen: HashSet<Token>,
    /// The listing was started again, so that its items may have been seen before.
    pub restarted: bool,
}

impl<'a> Pager<'a> {
    pub(super) fn new(client: &'a ServiceClient, stop: &'a Cancellation, request: PageRequest) -> Self {
        Self { client, stop, request, seen: HashSet::new(), restarted: false }
    }

    /// Fetches the next page. Returns `None` if its token was stale and the listing starts again, which it does once.
    pub(super) async fn page(&mut self) -> Result<Option<(DecodedPage, NextPage)>, AwsError> {
        match self.client.page(&self.request, self.stop).await {
            Err(error)
                if error.kind == AwsErrorKind::StaleToken && self.request.params.token.is_some() && !self.restarted =>
            {
                self.restarted = true;
                self.seen.clear();
                self.request.params.token = None;
                Ok(None)
            }
            result => result.map(Some),
        }
    }

    /// Moves on to `next` and returns whether there is another page. Called after the page was kept, since it may fail.
    pub(super) fn advance(&mut self, next: NextPage) -> Result<bool, AwsError> {
        let token = match next {
            NextPage::End => return Ok(false),
            NextPage::Truncated(error) => return Err(error),
            NextPage::Page(token) => token,
        };
        if !self.seen.insert(token.clone()) {
            return Err(AwsError::new(
                AwsErrorKind::Other,
                "AWS gave the same page token twice, so the listing was ended",
            ));
        }
        self.request.params.token = Some(token);
        Ok(true)
    }
}
