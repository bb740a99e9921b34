//! The ways in which AWS pages, as macros, since the request builders of the SDK have no trait in common.
//! Services without an SDK here have a macro of their own.
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

/// A listing of a service that has no SDK here: its operation, the parameter for its page size with the largest value, and
/// the parameter for the token with the member of the response that has the next one, if they are not both `NextToken`.
/// Without a page size AWS does not page it.
macro_rules! modelled {
    (listed $($request:tt)*) => { Source::Listed(modelled!($($request)*)) };
    ($([$subject:ident])? $operation:literal) => { modelled!(@ $operation, [$($subject)?], &[], None) };
    ($([$subject:ident])? $operation:literal, $size:ident = $most:literal) => {
        modelled!($([$subject])? $operation, $size = $most, NextToken from NextToken)
    };
    ($([$subject:ident])? $operation:literal, $size:ident = $most:literal, $token:ident from $next:ident) => {
        modelled!(
            @ $operation,
            [$($subject)?],
            &[(stringify!($size), stringify!($most))],
            Some((stringify!($token), stringify!($next)))
        )
    };
    (@ $operation:literal, [], $constants:expr, $token:expr) => { modelled!(@@ $operation, None, $constants, $token) };
    (@ $operation:literal, [$subject:ident], $constants:expr, $token:expr) => {
        modelled!(@@ $operation, Some(stringify!($subject)), $constants, $token)
    };
    (@@ $operation:literal, $subject:expr, $constants:expr, $token:expr) => {
        |client, params| {
            static LISTING: $crate::aws::ModelledListing =
                $crate::aws::ModelledListing::new($operation, $subject, $constants, $token);
            Box::pin(client.list(&LISTING, params))
        }
    };
}

pub(crate) use {marked, modelled, paged, whole};
