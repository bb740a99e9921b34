//! Reads listings page by page.
//!
//! The SDK's paginators end silently if AWS repeats a token, as if the listing were complete. Here that is an error.
//!
//! **Invariant:** knows no operation.

use std::collections::HashSet;

use crate::aws::{AwsError, AwsErrorKind};

/// The most pages of one listing. The largest organizations have some thousand.
const MAX_PAGES: usize = 10_000;

/// One page of a listing.
pub(super) struct ListedPage<T> {
    /// Its items. `None` if the answer has no list, not even an empty one.
    pub items: Option<Vec<T>>,
    pub next_token: Option<String>,
    /// Whether there are more pages, if the service says so beside the token.
    pub is_truncated: Option<bool>,
}

/// What was listed, and why the listing ended early if it did.
pub(super) struct Listing<T> {
    pub items: Vec<T>,
    pub error: Option<AwsError>,
}

impl<T> Listing<T> {
    /// Returns the items of a complete listing, or its error.
    pub(super) fn complete(self) -> Result<Vec<T>, AwsError> {
        self.error.map_or(Ok(self.items), Err)
    }
}

/// Calls `page` with the token of the page before, until there is no further one.
pub(super) async fn list<T>(
    operation: &str,
    page: impl AsyncFn(Option<String>) -> Result<ListedPage<T>, AwsError>,
) -> Listing<T> {
    let mut listing = Listing { items: Vec::new(), error: None };
    let mut seen = HashSet::new();
    let mut token = None;
    loop {
        let next = page(token).await.and_then(|page| {
            let items = page.items.ok_or_else(|| unreadable(operation, "has no list"))?;
            listing.items.extend(items);
            let next = page.next_token.filter(|token| !token.is_empty());
            if page.is_truncated.is_some_and(|truncated| truncated != next.is_some()) {
                return Err(unreadable(operation, "does not say clearly whether there are more pages"));
            }
            Ok(next)
        });
        token = match next {
            Ok(None) => return listing,
            Ok(Some(next)) if !seen.insert(next.clone()) => {
                listing.error = Some(unreadable(operation, "has the same page token twice, so the listing has no end"));
                return listing;
            }
            Ok(Some(_)) if seen.len() >= MAX_PAGES => {
                listing.error = Some(unreadable(operation, &format!("has more than {MAX_PAGES} pages")));
                return listing;
            }
            Ok(next) => next,
            Err(error) => {
                listing.error = Some(error);
                return listing;
            }
        };
    }
}

/// An answer that lacks something it always has.
pub(super) fn unreadable(operation: &str, what: &str) -> AwsError {
    AwsError::new(AwsErrorKind::Unreadable, format!("the answer to {operation} {what}"))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn page(items: Option<Vec<u32>>, token: Option<&str>, is_truncated: Option<bool>) -> ListedPage<u32> {
        ListedPage { items, next_token: token.map(str::to_owned), is_truncated }
    }

    /// Serves the pages in a circle.
    async fn listed(pages: &[ListedPage<u32>]) -> (Vec<u32>, Option<String>) {
        let calls = Cell::new(0);
        let serve = async |_| {
            let page = &pages[calls.replace(calls.get() + 1) % pages.len()];
            Ok(self::page(page.items.clone(), page.next_token.as_deref(), page.is_truncated))
        };
        let listing = list("x:List", serve).await;
        (listing.items, listing.error.map(|error| error.to_string()))
    }

    #[tokio::test]
    async fn a_listing_ends_only_where_aws_says_so() {
        let pages = [
            page(Some(vec![]), Some("a"), Some(true)),
            page(Some(vec![1]), Some("b"), Some(true)),
            page(Some(vec![2]), Some(""), Some(false)),
        ];
        assert_eq!(listed(&pages).await, (vec![1, 2], None));
        for (pages, items) in [
            (vec![page(Some(vec![1]), Some("a"), None)], vec![1, 1]),
            (vec![page(Some(vec![1]), Some("a"), None), page(Some(vec![2]), Some("b"), None)], vec![1, 2, 1]),
            (vec![page(Some(vec![1]), None, Some(true))], vec![1]),
            (vec![page(Some(vec![1]), Some(""), Some(true))], vec![1]),
            (vec![page(Some(vec![1]), Some("a"), Some(false))], vec![1]),
            (vec![page(None, None, None)], vec![]),
        ] {
            let (found, error) = listed(&pages).await;
            assert_eq!(found, items);
            assert!(error.is_some_and(|error| error.contains("x:List")));
        }
    }

    #[tokio::test]
    async fn a_listing_with_ever_new_tokens_ends() {
        let calls = Cell::new(0);
        let serve = async |_| {
            calls.set(calls.get() + 1);
            Ok(page(Some(vec![]), Some(&calls.get().to_string()), None))
        };
        assert!(list("x:List", serve).await.complete().is_err());
        assert_eq!(calls.get(), MAX_PAGES);
    }
}
