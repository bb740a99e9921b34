//! The ways in which AWS pages, as macros: the clients' builders have no trait in common.
//!
//! Each makes a [`SendFn`](crate::aws::SendFn), or with `listed` in front a [`Source`](super::entry::Source). In brackets in front stands
//! the parameter that takes the subject. They know nothing of what is listed.

/// Paged by `NextToken`. The request bears the largest page that AWS allows, which also moves it into the
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

/// Not paged by AWS.
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

/// Paged by a marker that is good where `IsTruncated` says so: the way of most of Route 53.
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
