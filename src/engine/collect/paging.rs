//! Page after page of one listing, and what to do where tokens go stale or repeat. It knows nothing of records.

use std::collections::HashSet;
use std::sync::Arc;

use super::cell::{Line, PageRequest};
use crate::aws::DecodedPage;
use crate::aws::{AwsError, AwsErrorKind};
use crate::catalogue::{CallParams, NextPage, SendFn, Token};
use crate::decode::ItemSelector;

/// One listing on its way.
pub(super) struct Pager {
    question: PageRequest,
    seen: HashSet<Token>,
    /// It was begun again, so that what comes may have come before.
    pub restarted: bool,
}

impl Pager {
    pub(super) fn new(
        operation: &'static str,
        call: SendFn,
        wanted: Arc<ItemSelector>,
        subjects: Vec<String>,
        region: &str,
    ) -> Self {
        let ask = CallParams { token: None, subjects, region: region.to_owned() };
        Self { question: PageRequest { operation, call, wanted, ask }, seen: HashSet::new(), restarted: false }
    }

    /// The next page; `None` where a token was no longer good and the listing begins again, which it does once.
    pub(super) async fn page(&mut self, line: &Line) -> Result<Option<(DecodedPage, NextPage)>, AwsError> {
        match line.ask(&self.question).await {
            Err(cause)
                if cause.kind == AwsErrorKind::StaleToken && self.question.ask.token.is_some() && !self.restarted =>
            {
                self.restarted = true;
                self.seen.clear();
                self.question.ask.token = None;
                Ok(None)
            }
            outcome => outcome.map(Some),
        }
    }

    /// Whether there is another page. Told after what came has been kept.
    pub(super) fn goes_on(&mut self, next: NextPage) -> Result<bool, AwsError> {
        let token = match next {
            NextPage::End => return Ok(false),
            NextPage::Truncated(cause) => return Err(cause),
            NextPage::Page(token) => token,
        };
        if !self.seen.insert(token.clone()) {
            return Err(AwsError::new(
                AwsErrorKind::Other,
                "AWS gave the same page token twice, so the listing was ended",
            ));
        }
        self.question.ask.token = Some(token);
        Ok(true)
    }
}
