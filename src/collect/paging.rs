//! Page after page of one listing, and what to do where tokens go stale or repeat. It knows nothing of records.

use std::collections::HashSet;
use std::sync::Arc;

use super::cell::Cell;
use crate::catalogue::{Ask, Call, Next, Token};
use crate::failure::{Cause, Kind};
use crate::transcode::Wanted;
use crate::wire::Taken;

/// One listing on its way.
pub struct Paging {
    operation: &'static str,
    call: Call,
    wanted: Arc<Wanted>,
    ask: Ask,
    seen: HashSet<Token>,
    /// It was begun again, so that what comes may have come before.
    pub restarted: bool,
}

impl Paging {
    pub fn new(operation: &'static str, call: Call, wanted: Arc<Wanted>, subjects: Vec<String>, region: &str) -> Self {
        let ask = Ask { token: None, subjects, region: region.to_owned() };
        Self { operation, call, wanted, ask, seen: HashSet::new(), restarted: false }
    }

    /// The next page; `None` where a token was no longer good and the listing begins again, which it does once.
    pub async fn page(&mut self, cell: &mut Cell) -> Result<Option<(Taken, Next)>, Cause> {
        let asked = cell.ask(self.call, self.wanted.clone(), self.ask.clone()).await;
        let (account_id, region, operation) = (cell.account_id(), &*cell.region, self.operation);
        match &asked {
            Ok((taken, _)) => {
                let items = taken.answer.items.len();
                tracing::debug!(account_id, region, operation, items, "answered");
            }
            Err(cause) => {
                let code = cause.code.as_deref().unwrap_or("-");
                tracing::debug!(account_id, region, operation, code, kind = ?cause.kind, "not answered");
            }
        }
        match asked {
            Err(cause) if cause.kind == Kind::StaleToken && self.ask.token.is_some() && !self.restarted => {
                self.restarted = true;
                self.seen.clear();
                self.ask.token = None;
                Ok(None)
            }
            outcome => {
                let (taken, next) = outcome?;
                cell.dropped += taken.answer.dropped;
                Ok(Some((taken, next)))
            }
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
        self.ask.token = Some(token);
        Ok(true)
    }
}
