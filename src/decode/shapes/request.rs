//! Describes how an operation is requested, for services that have no SDK here: protocol, path, and simple parameters.
//!
//! Structures are no parameters, and lists are in the query protocol only: rolecall's listings take no others.
//!
//! **Invariant:** knows neither endpoints nor how a request is signed and sent.

/// How a service is called.
#[derive(Debug)]
pub struct ServiceModel {
    /// The service as IAM and signatures name it (`route53resolver`).
    pub name: &'static str,
    /// The id by which the environment names the service (`Route53Resolver`).
    pub id: &'static str,
    pub protocol: Protocol,
    /// The regions in which AWS lists an endpoint of the service, of all partitions. A newer region may have one too.
    pub regions: &'static [&'static str],
    /// The usual hosts: plain, dual stack, FIPS, and FIPS with dual stack. `{region}` stands for the region, `{dns}` and
    /// `{dual}` for the partition's suffixes.
    pub hosts: [&'static str; 4],
    /// The regions whose host is another one: the region, the position in `hosts`, and the host.
    pub other_hosts: &'static [(&'static str, usize, &'static str)],
}

/// How a service writes requests and responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// JSON in the body, and the operation in a header after this prefix.
    Json { target_prefix: &'static str, content_type: &'static str },
    /// JSON in the body, and the operation in method and path.
    RestJson,
    /// A form in the body that names the operation and this version. The response is XML.
    Query { version: &'static str },
    /// The operation in method and path. The response is XML.
    RestXml,
}

/// How an operation is requested.
#[derive(Debug)]
pub struct RequestShape {
    pub service: &'static ServiceModel,
    /// The operation without its service (`ListResolverRules`).
    pub name: &'static str,
    pub method: &'static str,
    /// The path, with the names of parameters in braces (`/profile/{ProfileId}`).
    pub path: &'static str,
    pub parameters: &'static [Parameter],
}

/// A simple parameter of a request.
#[derive(Debug)]
pub struct Parameter {
    /// AWS's own name.
    pub name: &'static str,
    /// The name on the wire.
    pub wire: &'static str,
    pub place: ParameterPlace,
    pub kind: ParameterKind,
}

/// How the value of a parameter is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    Text,
    /// A number or a boolean.
    Plain,
    /// Each of its values is an element, numbered from 1. In the query protocol only.
    List,
}

/// Where a parameter is in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterPlace {
    Body,
    Query,
    Path,
}

impl Protocol {
    /// Whether responses are JSON.
    pub(crate) fn is_json(self) -> bool {
        matches!(self, Self::Json { .. } | Self::RestJson)
    }
}

impl RequestShape {
    /// Finds a parameter by AWS's own name.
    pub(crate) fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}
