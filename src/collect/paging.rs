//! Page after page of one listing, and what to do where tokens go stale or repeat. It knows nothing of records.

use std::collections::HashSet;
use std::sync::Arc;

use super::cell::{Line, Question};
use crate::catalogue::{Ask, Call, Next, Token};
use crate::failure::{Cause, Kind};
use crate::transcode::Wanted;
use crate::wire::Taken;

/// One listing on its way.
pub struct Paging {
    question: Question,
    seen: HashSet<Token>,
    /// It was begun again, so that what comes may have come before.
    pub restarted: bool,
}

impl Paging {
    pub fn new(operation: &'static str, call: Call, wanted: Arc<Wanted>, subjects: Vec<String>, region: &str) -> Self {
        let ask = Ask { token: None, subjects, region: region.to_owned() };
        Self { question: Question { operation, call, wanted, ask }, seen: HashSet::new(), restarted: false }
    }

    /// The next page; `None` where a token was no longer good and the listing begins again, which it does once.
    pub async fn page(&mut self, line: &Line) -> Result<Option<(Taken, Next)>, Cause> {
        match line.ask(&self.question).await {
            Err(cause) if cause.kind == Kind::StaleToken && self.question.ask.token.is_some() && !self.restarted => {
                self.restarted = true;
                self.seen.clear();
                self.question.ask.token = None;
                Ok(None)
            }
            outcome => outcome.map(Some),
        }
    }

    /// Whether there is another page. Told after what came has been kept.
    pub fn goes_on(&mut self, next: Next) -> Result<bool, Cause> {
        let token = match next {
            Next::End => return Ok(false),
            Next::Cut(cause) => return Err(cause),
            Next::Page(token) => token,
        };
        if !self.seen.insert(token.clone()) {
            return Err(Cause::new(Kind::Other, "AWS gave the same page token twice, so the listing was ended"));
        }
        self.question.ask.token = Some(token);
        Ok(true)
    }
}
