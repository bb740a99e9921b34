//! Builds the HTTP request of an operation that has no SDK here, by its shape.
//!
//! **Invariant:** knows neither endpoints nor signatures.

use std::collections::HashMap;
use std::fmt::Write;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::Input;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::ser_de::SerializeRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

use crate::decode::json::{write_member, write_string};
use crate::decode::shapes::{Parameter, ParameterKind, ParameterPlace, Protocol, RequestShape};

/// The parameters of one request, by AWS's own names.
pub(super) type ParameterValues = Vec<(&'static str, String)>;

/// Writes the parameters of one operation into a request.
#[derive(Debug)]
pub(super) struct ShapeSerializer(pub(super) &'static RequestShape);

impl SerializeRequest for ShapeSerializer {
    fn serialize_input(&self, input: Input, _: &mut ConfigBag) -> Result<HttpRequest, BoxError> {
        let values = input.downcast::<ParameterValues>().map_err(|_| "the input is no list of parameters")?;
        let request = request(self.0, &values)?;
        Ok(request.try_into()?)
    }
}

/// What has a meaning in paths or queries, and whatever else is not unreserved (RFC 3986).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

/// The parts of a request that its parameters fill.
struct RequestParts {
    path: String,
    /// The parameters of the query, without the question mark.
    query: String,
    /// A JSON object without its end, or a form.
    body: String,
}

fn request(shape: &RequestShape, values: &[(&'static str, String)]) -> Result<http::Request<SdkBody>, BoxError> {
    let (path, query) = shape.path.split_once('?').unwrap_or((shape.path, ""));
    let body = match shape.service.protocol {
        Protocol::Query { version } => format!("Action={}&Version={version}", shape.name),
        Protocol::Json { .. } | Protocol::RestJson | Protocol::RestXml => "{".to_owned(),
    };
    let mut parts = RequestParts { path: path.to_owned(), query: query.to_owned(), body };
    let mut positions: HashMap<&str, usize> = HashMap::new();
    for (name, value) in values {
        let Some(parameter) = shape.parameter(name) else {
            return Err(format!("{} has no parameter {name}", shape.name).into());
        };
        let position = positions.entry(name).or_default();
        *position += 1;
        parts.add(shape, parameter, value, *position)?;
    }
    parts.into_request(shape)
}

impl RequestParts {
    /// Adds a value of a parameter. The position is that among the values of the same parameter, from 1.
    fn add(
        &mut self,
        shape: &RequestShape,
        parameter: &Parameter,
        value: &str,
        position: usize,
    ) -> Result<(), BoxError> {
        let Parameter { wire, place, kind, .. } = parameter;
        match (place, shape.service.protocol) {
            (ParameterPlace::Path, _) if value.is_empty() => {
                return Err(format!("{}: {wire} is empty", shape.name).into());
            }
            (ParameterPlace::Path, _) => {
                self.path = self.path.replace(&format!("{{{wire}}}"), &encoded(value).to_string());
            }
            (ParameterPlace::Query, _) => {
                let separator = if self.query.is_empty() { "" } else { "&" };
                let _ = write!(self.query, "{separator}{wire}={}", encoded(value));
            }
            (ParameterPlace::Body, Protocol::Query { .. }) => {
                let element = if *kind == ParameterKind::List { format!(".member.{position}") } else { String::new() };
                let _ = write!(self.body, "&{wire}{element}={}", encoded(value));
            }
            (ParameterPlace::Body, _) if *kind == ParameterKind::Text => {
                write_member(&mut self.body, wire, |out| write_string(out, value));
            }
            (ParameterPlace::Body, _) => write_member(&mut self.body, wire, |out| out.push_str(value)),
        }
        Ok(())
    }

    fn into_request(self, shape: &RequestShape) -> Result<http::Request<SdkBody>, BoxError> {
        let Self { path, query, body } = self;
        if path.contains('{') {
            return Err(format!("{}: a parameter of the path {path} is missing", shape.name).into());
        }
        let separator = if query.is_empty() { "" } else { "?" };
        let mut builder = http::Request::builder().method(shape.method).uri(format!("{path}{separator}{query}"));
        let is_empty = body == "{";
        let (body, content_type) = match shape.service.protocol {
            Protocol::Json { target_prefix, content_type } => {
                builder = builder.header("x-amz-target", format!("{target_prefix}.{}", shape.name));
                (format!("{body}}}"), content_type)
            }
            Protocol::Query { .. } => (body, "application/x-www-form-urlencoded"),
            Protocol::RestJson if !is_empty => (format!("{body}}}"), "application/json"),
            Protocol::RestJson | Protocol::RestXml if is_empty => return Ok(builder.body(SdkBody::empty())?),
            Protocol::RestJson | Protocol::RestXml => {
                return Err(format!("{}: a request in XML has no body here", shape.name).into());
            }
        };
        builder = builder.header(CONTENT_TYPE, content_type).header(CONTENT_LENGTH, body.len());
        Ok(builder.body(SdkBody::from(body))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::shapes::operation;

    fn built(name: &str, values: &[(&'static str, &str)]) -> Result<String, String> {
        let shape = operation(name).and_then(|operation| operation.request).expect("it has a shape");
        let values: ParameterValues = values.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let request = request(shape, &values).map_err(|error| error.to_string())?;
        let headers = request.headers().iter().map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()));
        let headers: String = headers.collect();
        let body = std::str::from_utf8(request.body().bytes().unwrap()).unwrap();
        Ok(format!("{} {}\n{headers}{body}", request.method(), request.uri()))
    }

    #[test]
    fn json_requests_name_their_operation_in_a_header() {
        let values = [("MaxResults", "100"), ("NextToken", "a \"b\" \\\n/+=é")];
        insta::assert_snapshot!(built("route53resolver:ListResolverRules", &values).unwrap(), @r#"
        POST /
        x-amz-target: Route53Resolver.ListResolverRules
        content-type: application/x-amz-json-1.1
        content-length: 50
        {"MaxResults":100,"NextToken":"a \"b\" \\\n/+=é"}
        "#);
        insta::assert_snapshot!(built("route53resolver:ListResolverRules", &[]).unwrap(), @r"
        POST /
        x-amz-target: Route53Resolver.ListResolverRules
        content-type: application/x-amz-json-1.1
        content-length: 2
        {}
        ");
    }

    #[test]
    fn rest_requests_have_their_parameters_in_path_and_query() {
        let values = [("ProfileId", "rp-1/../é ?"), ("MaxResults", "100"), ("NextToken", "a+b/c=& d")];
        let path = "/profileresourceassociations/profileid/rp-1%2F..%2F%C3%A9%20%3F";
        let query = "maxResults=100&nextToken=a%2Bb%2Fc%3D%26%20d";
        let request = built("route53profiles:ListProfileResourceAssociations", &values);
        assert_eq!(request, Ok(format!("GET {path}?{query}\n")));
    }

    #[test]
    fn forms_name_operation_and_version_and_number_the_elements_of_lists() {
        let values = [("ResourceArns", "arn:a/b c"), ("ResourceArns", "arn:é&=")];
        insta::assert_snapshot!(built("elbv2:DescribeTags", &values).unwrap(), @r"
        POST /
        content-type: application/x-www-form-urlencoded
        content-length: 117
        Action=DescribeTags&Version=2015-12-01&ResourceArns.member.1=arn%3Aa%2Fb%20c&ResourceArns.member.2=arn%3A%C3%A9%26%3D
        ");
    }

    #[test]
    fn a_path_may_have_a_query_of_its_own() {
        assert_eq!(built("s3:GetBucketTagging", &[("Bucket", "a.b-c")]), Ok("GET /a.b-c?tagging\n".into()));
        let page = built("s3:ListBuckets", &[("MaxBuckets", "10"), ("ContinuationToken", "a/b+")]);
        assert_eq!(page, Ok("GET /?max-buckets=10&continuation-token=a%2Fb%2B\n".into()));
        let page = built("cloudfront:ListDistributions", &[("MaxItems", "100")]);
        assert_eq!(page, Ok("GET /2020-05-31/distribution?MaxItems=100\n".into()));
    }

    #[test]
    fn a_request_that_does_not_fit_its_shape_is_refused() {
        for values in [&[("Elsewhere", "1")][..], &[], &[("ProfileId", "")]] {
            assert!(built("route53profiles:ListProfileResourceAssociations", values).is_err(), "{values:?}");
        }
    }
}
