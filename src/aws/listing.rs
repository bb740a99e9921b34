//! Reads listings page by page.
//!
//! The SDK's paginators end silently if AWS repeats a token, as if the listing were complete. Here that is an error.
//!
//! **Invariant:** knows no operation.

use std::collections::HashSet;

use super::error::{AwsError, AwsErrorKind};

/// The most pages of one listing. The largest organizations have some thousand.
const MAX_PAGES: usize = 10_000;

/// One page of a listing.
pub(crate) struct ListedPage<T> {
    /// Its items. `None` if the answer has no list, not even an empty one.
    pub items: Option<Vec<T>>,
    pub next_token: Option<String>,
    /// Whether there are more pages, if the service says so beside the token.
    pub is_truncated: Option<bool>,
}

/// What was listed, and why the listing ended early if it did.
pub(crate) struct Listing<T> {
    pub items: Vec<T>,
    pub error: Option<AwsError>,
}

impl<T> Listing<T> {
    /// Returns the items of a complete listing, or its error.
    pub(crate) fn complete(self) -> Result<Vec<T>, AwsError> {
        self.error.map_or(Ok(self.items), Err)
    }
}

/// Collects the pages of one listing.
pub(crate) struct PageCollector<T> {
    operation: &'static str,
    listing: Listing<T>,
    /// The token of the next page, which is none for the first one. None once the listing has ended.
    next: Option<Option<String>>,
    seen: HashSet<String>,
}

impl<T> PageCollector<T> {
    pub(crate) fn new(operation: &'static str) -> Self {
        let listing = Listing { items: Vec::new(), error: None };
        Self { operation, listing, next: Some(None), seen: HashSet::new() }
    }

    /// Returns the token to ask the next page with, which is none for the first one. `None` once the listing has ended.
    pub(crate) fn next(&mut self) -> Option<Option<String>> {
        self.next.take()
    }

    /// Adds the page that was asked for.
    pub(crate) fn add(&mut self, page: Result<ListedPage<T>, AwsError>) {
        let operation = self.operation;
        let next = page.and_then(|page| {
            let items = page.items.ok_or_else(|| unreadable(operation, "has no list"))?;
            self.listing.items.extend(items);
            let next = page.next_token.filter(|token| !token.is_empty());
            if page.is_truncated.is_some_and(|truncated| truncated != next.is_some()) {
                return Err(unreadable(operation, "does not say clearly whether there are more pages"));
            }
            Ok(next)
        });
        match next {
            Ok(None) => {}
            Ok(Some(next)) if !self.seen.insert(next.clone()) => {
                let what = "has the same page token twice, so the listing has no end";
                self.listing.error = Some(unreadable(operation, what));
            }
            Ok(Some(_)) if self.seen.len() >= MAX_PAGES => {
                self.listing.error = Some(unreadable(operation, &format!("has more than {MAX_PAGES} pages")));
            }
            Ok(next) => self.next = Some(next),
            Err(error) => self.listing.error = Some(error),
        }
    }

    /// Returns what was listed.
    pub(crate) fn into_listing(self) -> Listing<T> {
        self.listing
    }
}

/// Calls `page` with the token of the page before, until there is no further one.
pub(crate) async fn list<T>(
    operation: &'static str,
    page: impl AsyncFn(Option<String>) -> Result<ListedPage<T>, AwsError>,
) -> Listing<T> {
    let mut pages = PageCollector::new(operation);
    while let Some(token) = pages.next() {
        pages.add(page(token).await);
    }
    pages.into_listing()
}

/// An answer that lacks something it always has.
pub(crate) fn unreadable(operation: &str, what: &str) -> AwsError {
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
