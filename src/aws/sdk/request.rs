//! Builds the HTTP request of an operation that has no SDK here, by its shape.
//!
//! **Invariant:** knows neither endpoints nor signatures.

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
use crate::decode::shapes::{ParameterPlace, Protocol, RequestShape};

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

fn request(shape: &RequestShape, values: &[(&'static str, String)]) -> Result<http::Request<SdkBody>, BoxError> {
    let (mut path, mut query, mut body) = (shape.path.to_owned(), String::new(), "{".to_owned());
    for (name, value) in values {
        let Some(parameter) = shape.parameter(name) else {
            return Err(format!("{} has no parameter {name}", shape.name).into());
        };
        match parameter.place {
            ParameterPlace::Path if value.is_empty() => return Err(format!("{}: {name} is empty", shape.name).into()),
            ParameterPlace::Path => {
                path = path.replace(&format!("{{{}}}", parameter.wire), &encoded(value).to_string())
            }
            ParameterPlace::Query => {
                let separator = if query.is_empty() { '?' } else { '&' };
                let _ = write!(query, "{separator}{}={}", parameter.wire, encoded(value));
            }
            ParameterPlace::Body if parameter.is_text => {
                write_member(&mut body, parameter.wire, |out| write_string(out, value))
            }
            ParameterPlace::Body => write_member(&mut body, parameter.wire, |out| out.push_str(value)),
        }
    }
    if path.contains('{') {
        return Err(format!("{}: a parameter of the path {path} is missing", shape.name).into());
    }
    body.push('}');
    let mut builder = http::Request::builder().method(shape.method).uri(format!("{path}{query}"));
    let body = match shape.service.protocol {
        Protocol::Json { target_prefix, content_type } => {
            builder = builder.header("x-amz-target", format!("{target_prefix}.{}", shape.name));
            Some((body, content_type))
        }
        Protocol::RestJson => (body != "{}").then_some((body, "application/json")),
    };
    let Some((body, content_type)) = body else { return Ok(builder.body(SdkBody::empty())?) };
    builder = builder.header(CONTENT_TYPE, content_type).header(CONTENT_LENGTH, body.len());
    Ok(builder.body(SdkBody::from(body))?)
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
    fn a_request_that_does_not_fit_its_shape_is_refused() {
        for values in [&[("Elsewhere", "1")][..], &[], &[("ProfileId", "")]] {
            assert!(built("route53profiles:ListProfileResourceAssociations", values).is_err(), "{values:?}");
        }
    }
}
