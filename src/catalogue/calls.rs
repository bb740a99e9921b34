//! The ways in which AWS pages, as macros: the clients' builders have no trait in common.
//!
//! Each makes a [`Call`](super::Call); without `call` in front, `paged` and `whole` make it a
//! [`Source`](super::Source). They name the error path in full, so that entries need not import it.

/// Paged by `NextToken`. The request bears the largest page that AWS allows, which also moves it into the
/// larger of EC2's token buckets. With `of`, the subject is the named parameter.
macro_rules! paged {
    (call $client:ident . $($request:tt)*) => {
        |asker, ask| {
            Box::pin(async move {
                let request = asker.$client().$($request)*.set_next_token(ask.token());
                let answer = request.send().await.map_err($crate::failure::Cause::of)?;
                Ok(answer.next_token.filter(|token| !token.is_empty()).map(|token| vec![token]))
            })
        }
    };
    (of $subject:ident, $client:ident . $($request:tt)*) => {
        |asker, ask| {
            Box::pin(async move {
                let request = asker.$client().$($request)*.$subject(ask.subject()).set_next_token(ask.token());
                let answer = request.send().await.map_err($crate::failure::Cause::of)?;
                Ok(answer.next_token.filter(|token| !token.is_empty()).map(|token| vec![token]))
            })
        }
    };
    ($($request:tt)*) => { Source::Listed(paged!(call $($request)*)) };
}

/// Not paged by AWS. With `of`, the subject is the named parameter.
macro_rules! whole {
    (call $client:ident . $($request:tt)*) => {
        |asker, _| {
            Box::pin(async move {
                let answered = asker.$client().$($request)*.send().await;
                answered.map(|_| None).map_err($crate::failure::Cause::of)
            })
        }
    };
    (of $subject:ident, $client:ident . $($request:tt)*) => {
        |asker, ask| {
            Box::pin(async move {
                let answered = asker.$client().$($request)*.$subject(ask.subject()).send().await;
                answered.map(|_| None).map_err($crate::failure::Cause::of)
            })
        }
    };
    ($($request:tt)*) => { Source::Listed(whole!(call $($request)*)) };
}

/// Paged by a marker that is good where `IsTruncated` says so: the way of most of Route 53.
macro_rules! marked {
    ($client:ident . $operation:ident (), $most:literal, $set:ident, |$answer:ident| $next:expr) => {
        |asker, ask| {
            Box::pin(async move {
                let request = asker.$client().$operation().max_items($most).$set(ask.token());
                let $answer = request.send().await.map_err($crate::failure::Cause::of)?;
                match $next {
                    _ if !$answer.is_truncated => Ok(None),
                    Some(marker) => Ok(Some(vec![marker])),
                    None => Err($crate::catalogue::no_way_on()),
                }
            })
        }
    };
}

pub(super) use {marked, paged, whole};
