//! The ways in which AWS pages, as macros, since the request builders of the SDK have no trait in common.
//!
//! Each makes a [`SendFn`](crate::aws::SendFn), or after `listed` a [`Source`](super::entry::Source). The parameter in brackets takes
//! the subject.
//!
//! **Invariant:** knows nothing of what is listed.

/// A listing that is paged by `NextToken`. Requests set the largest page size that AWS allows, which also moves them into the
/// larger of EC2's token buckets.
macro_rules! paged {
    (listed $($request:tt)*) => { Source::Listed(paged!($($request)*)) };
    ($([$subject:ident])? $operation:ident: $($request:tt)*) => {
        |client, params| {
            Box::pin(async move {
                let scalars = $crate::aws::send!(
                    client, $operation: $($request)*$(.$subject(params.subject()))?.set_next_token(params.token())
                )?;
                Ok($crate::aws::NextPage::from_token(scalars.text("NextToken")))
            })
        }
    };
}

/// A listing that AWS does not page.
macro_rules! whole {
    (listed $($request:tt)*) => { Source::Listed(whole!($($request)*)) };
    ($([$subject:ident])? $operation:ident: $($request:tt)*) => {
        |client, _params| {
            Box::pin(async move {
                $crate::aws::send!(client, $operation: $($request)*$(.$subject(_params.subject()))?)?;
                Ok($crate::aws::NextPage::End)
            })
        }
    };
}

/// A listing that is paged by a marker. Most of Route 53 pages so. Where every answer has a marker, the caller leaves it out
/// unless `IsTruncated` is true.
macro_rules! marked {
    (listed $($request:tt)*) => { Source::Listed(marked!($($request)*)) };
    ($([$subject:ident])? $operation:ident: $service:ident . $method:ident (), $most:literal, $set:ident, |$scalars:ident| $next:expr) => {
        |client, params| {
            Box::pin(async move {
                let $scalars = $crate::aws::send!(
                    client,
                    $operation: $service.$method().max_items($most).$set(params.token())$(.$subject(params.subject()))?
                )?;
                let next: Option<String> = $next;
                $crate::aws::NextPage::from_marker(&$scalars, next.map(|marker| vec![marker]))
            })
        }
    };
}

pub(crate) use {marked, paged, whole};
