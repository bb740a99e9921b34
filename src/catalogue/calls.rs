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
    ($([$subject:ident])? $service:ident . $($request:tt)*) => {
        |client, params| {
            Box::pin(async move {
                let request = client.$service().$($request)*$(.$subject(params.subject()))?.set_next_token(params.token());
                let answer = request.send().await.map_err($crate::aws::AwsError::of)?;
                Ok($crate::aws::NextPage::from_token(answer.next_token))
            })
        }
    };
}

/// A listing that AWS does not page.
macro_rules! whole {
    (listed $($request:tt)*) => { Source::Listed(whole!($($request)*)) };
    ($([$subject:ident])? $service:ident . $($request:tt)*) => {
        |client, _params| {
            Box::pin(async move {
                let answered = client.$service().$($request)*$(.$subject(_params.subject()))?.send().await;
                answered.map(|_| $crate::aws::NextPage::End).map_err($crate::aws::AwsError::of)
            })
        }
    };
}

/// A listing that is paged by a marker. Most of Route 53 pages so. Where every answer has a marker, the caller leaves it out
/// unless `IsTruncated` is true.
macro_rules! marked {
    (listed $($request:tt)*) => { Source::Listed(marked!($($request)*)) };
    ($([$subject:ident])? $service:ident . $operation:ident (), $most:literal, $set:ident, |$answer:ident| $next:expr) => {
        |client, params| {
            Box::pin(async move {
                let request = client.$service().$operation().max_items($most).$set(params.token())$(.$subject(params.subject()))?;
                let $answer = request.send().await.map_err($crate::aws::AwsError::of)?;
                let next: Option<String> = $next;
                Ok($crate::aws::NextPage::from_marker($answer.is_truncated, next.map(|marker| vec![marker])))
            })
        }
    };
}

pub(crate) use {marked, paged, whole};
