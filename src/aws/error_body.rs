//! Classifies the bodies of error responses.
//!
//! Some front ends of AWS put the error where the SDK's deserialiser of that service does not look, proxies answer in HTML,
//! and a body may be too large to be read. **Invariant:** knows nothing of calls and of what a failure means.

use std::borrow::Cow;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::error::{AwsError, AwsErrorKind, cut, flat_code, of_refusal, redacted};
use crate::decode::unescape;
use crate::domain::is_region_in_form;

/// The part of an error response that is searched, in bytes.
const MAX_SEARCHED: usize = 16 << 10;

impl AwsError {
    /// Classifies an error response by its code: that of its body, or else that of its header.
    pub(super) fn of_response(response: &HttpResponse, body: &[u8], secret: &str) -> Self {
        let mut text = redacted(&text_of(body), secret);
        if body.len() > MAX_SEARCHED {
            // The end may hold the beginning of the secret.
            let kept = text.chars().count().saturating_sub(secret.chars().count());
            text = text.chars().take(kept).collect();
        }
        let json = serde_json::from_str::<serde_json::Value>(text.trim()).unwrap_or_default();
        let member = |names: &[&str]| names.iter().find_map(|name| json.get(name)?.as_str().map(str::to_owned));
        let found = |element_name: &str, names: &[&str]| element(&text, element_name).or_else(|| member(names));
        let header = |name: &str| response.headers().get(name).map(str::to_owned);
        let code = found("Code", &["__type", "code", "Code"]).or_else(|| header("x-amzn-errortype"));
        let code = code.map(|code| flat_code(bare(&code))).filter(|code| !code.is_empty());
        let message = found("Message", &["message", "Message"]).unwrap_or_default();
        let status = response.status().as_u16();
        let kind = of_refusal(code.as_deref(), &message, Some(status));
        let message = match message.trim() {
            "" => format!("HTTP status {status}{}", if code.is_none() { " without an error code" } else { "" }),
            message => cut(&redacted(message, secret)),
        };
        let request_id = element(&text, "RequestId").or_else(|| element(&text, "RequestID"));
        Self { kind, code, message, request_id: request_id.map(|id| flat_code(&id)) }
    }

    /// This error, if its response said what it is.
    pub(super) fn known(self) -> Option<Self> {
        (self.code.is_some() || self.kind != AwsErrorKind::Other).then_some(self)
    }
}

/// The region of a bucket, as S3 names it in a refusal.
pub(crate) fn bucket_region(response: &HttpResponse) -> Option<String> {
    let refused = Some(response).filter(|response| !response.status().is_success())?;
    let header = refused.headers().get("x-amz-bucket-region").map(str::to_owned);
    let named = header.or_else(|| element(&text_of(refused.body().bytes()?), "Region"));
    named.map(|region| flat_code(&region)).filter(|region| is_region_in_form(region))
}

/// Whether a document is an error although its status says success.
pub(super) fn is_error_document(body: &[u8]) -> bool {
    let text = text_of(body);
    if text.trim_start().starts_with('{') {
        return is_error_object(text.trim());
    }
    let mut names = tags(&text).map(|(name, _)| name);
    match names.next() {
        Some("Error" | "ErrorResponse") => true,
        Some("Response") => names.next() == Some("Errors"),
        _ => false,
    }
}

/// Whether a JSON object has a type and a message and nothing else, as errors have.
fn is_error_object(text: &str) -> bool {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).unwrap_or_default();
    let is_known = |name: &String| ["__type", "code", "message", "Message"].contains(&name.as_str());
    object.contains_key("__type") && object.keys().all(is_known)
}

/// The first part of a body as text.
fn text_of(body: &[u8]) -> Cow<'_, str> {
    let body = &body[..body.len().min(MAX_SEARCHED)];
    let pair = |bytes: &[u8], of: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| of([pair[0], pair[1]])).collect();
        Cow::Owned(String::from_utf16_lossy(&units))
    };
    match body {
        [0xff, 0xfe, rest @ ..] => pair(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => pair(rest, u16::from_be_bytes),
        _ => String::from_utf8_lossy(body),
    }
}

/// A code without the namespace before it and the link behind it, which JSON protocols add.
fn bare(code: &str) -> &str {
    let code = code.rsplit('#').next().unwrap_or_default();
    code.split(':').next().unwrap_or_default()
}

/// The text of the first element of this name, whatever its namespace.
fn element(text: &str, name: &str) -> Option<String> {
    let (_, inside) = tags(text).find(|(tag, _)| *tag == name)?;
    let inside = match inside.trim_start().strip_prefix("<![CDATA[") {
        Some(plain) => return Some(plain.split("]]>").next().unwrap_or_default().trim().to_owned()),
        // A body that was cut ends within the element.
        None => inside.split('<').next().unwrap_or_default().trim(),
    };
    unescape(inside)
}

/// The start tags of a document: the local name of each, and the text that follows it.
fn tags(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.match_indices('<').filter_map(|(at, _)| {
        let tag = &text[at + 1..];
        let (tag, behind) = tag.split_once('>')?;
        let name = tag.split([' ', '\t', '\r', '\n', '/']).next().unwrap_or_default();
        let is_start = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        is_start.then(|| (name.rsplit(':').next().unwrap_or_default(), behind))
    })
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn response(status: u16, header: Option<&str>) -> HttpResponse {
        let mut response = HttpResponse::new(StatusCode::try_from(status).expect("a status"), SdkBody::empty());
        if let Some(code) = header {
            response.headers_mut().insert("x-amzn-errortype", code.to_owned());
        }
        response
    }

    fn read(status: u16, header: Option<&str>, body: &[u8]) -> AwsError {
        AwsError::of_response(&response(status, header), body, "")
    }

    #[test]
    fn codes_are_found_in_any_form_of_body() {
        let utf16 = |text: &str| [vec![0xff, 0xfe], text.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat();
        let denied = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
        let long = format!("<Response><Errors><Error><Code>AccessDenied</Code><Message>{}", "x".repeat(2 << 20));
        let cases: [(u16, Option<&str>, Vec<u8>, AwsErrorKind); 15] = [
            (403, None, denied.into(), AwsErrorKind::Denied),
            (503, None, b"<E><Code>\n RequestLimitExceeded\n</Code></E>".to_vec(), AwsErrorKind::Throttled),
            (
                403,
                None,
                b"<a:Error xmlns:a='x'><a:Code x='y'>AccessDenied</a:Code></a:Error>".to_vec(),
                AwsErrorKind::Denied,
            ),
            (403, None, b"<Error><Code><![CDATA[AccessDenied]]></Code></Error>".to_vec(), AwsErrorKind::Denied),
            (403, None, format!("<R><Error>{denied}</Error></R>").into(), AwsErrorKind::Denied),
            (403, None, utf16(denied), AwsErrorKind::Denied),
            (403, None, long.into(), AwsErrorKind::Denied),
            (
                400,
                None,
                br#"{"__type":"com.amazonaws#AccessDeniedException:http://x/","message":"no"}"#.to_vec(),
                AwsErrorKind::Denied,
            ),
            (400, Some("ThrottlingException:http://x/"), Vec::new(), AwsErrorKind::Throttled),
            (403, None, Vec::new(), AwsErrorKind::Denied),
            (403, None, b"<html><body>Forbidden</body></html>".to_vec(), AwsErrorKind::Denied),
            (403, None, b"go away".to_vec(), AwsErrorKind::Denied),
            (429, None, Vec::new(), AwsErrorKind::Throttled),
            (500, None, b"\xff\xfe".to_vec(), AwsErrorKind::Other),
            (500, None, b"<Error><Code></Code></Error>".to_vec(), AwsErrorKind::Other),
        ];
        for (status, header, body, kind) in cases {
            let error = read(status, header, &body);
            assert_eq!(error.kind, kind, "{status} {header:?} {:.80}: {error}", String::from_utf8_lossy(&body));
            assert!(error.to_string().chars().count() < 800 && !error.to_string().contains('\n'), "{error}");
        }
        let error = read(
            403,
            None,
            b"<Error><Code>AccessDenied</Code><Message>A &amp; B</Message><RequestId>r</RequestId></Error>",
        );
        assert_eq!(error.to_string(), "AccessDenied: A & B (request id r)");
        let huge = read(403, None, format!("<Error><Code>{}</Code></Error>", "A".repeat(100_000)).as_bytes());
        assert_eq!(huge.kind, AwsErrorKind::Denied);
        assert!(huge.code.is_some_and(|code| code.chars().count() < 110));
    }

    #[test]
    fn errors_with_the_status_of_success_are_seen() {
        for (body, is_error) in [
            ("<?xml version='1.0'?><Error><Code>SlowDown</Code></Error>", true),
            ("<ErrorResponse><Error/></ErrorResponse>", true),
            ("<Response><Errors><Error><Code>X</Code></Error></Errors></Response>", true),
            ("<Response/>", false),
            ("<DescribeVpcsResponse><Error/></DescribeVpcsResponse>", false),
            ("", false),
            ("{}", false),
            (r#"{"__type":"InternalServiceErrorException","message":"no"}"#, true),
            (r#"{"__type":"x#ThrottlingException"}"#, true),
            (r#"{"__type":"x","message":"a","ResolverRules":[]}"#, false),
            (r#"{"ResolverRules":[]}"#, false),
        ] {
            assert_eq!(is_error_document(body.as_bytes()), is_error, "{body}");
        }
    }
}
