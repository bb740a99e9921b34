//! Listings of services that have no SDK here: requests are built from the shapes of the service model, and everything else
//! is that of the SDK's own calls.
//!
//! An SDK crate costs minutes of build time and brings code for a hundred operations. What rolecall asks of these services
//! is a page of a list, with a token, a page size, and perhaps the id of a parent.
//!
//! A region in which a service does not exist has no host for it. AWS's own list of such regions is part of the shapes, but a
//! list is older than a new region. So the service is called, and only if nothing can be reached where the list has no
//! endpoint either is the operation unsupported there.
//!
//! **Invariant:** knows no operation by name, and nothing of how calls are limited.

use std::sync::OnceLock;

use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_runtime::user_agent::ApiMetadata;
use aws_smithy_runtime_api::client::interceptors::context::Input;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_plugin::{SharedRuntimePlugin, StaticRuntimePlugin};
use aws_smithy_runtime_api::client::ser_de::{SharedRequestSerializer, SharedResponseDeserializer};
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::endpoint::Endpoint;
use aws_types::region::Region;

use super::endpoint_plugin::{EndpointParts, endpoint_url};
use super::request::{ParameterValues, ShapeSerializer};
use super::{PagingDeserializer, invoke_with};
use crate::aws::error::{AwsError, AwsErrorKind};
use crate::aws::page::{CallParams, NextPage};
use crate::aws::session::{ClientConfig, ServiceClient};
use crate::decode::shapes::{RequestShape, ServiceModel, operation};
use crate::domain::Partition;

/// A listing that is requested by its shape. It is made once for the process.
#[derive(Debug)]
pub(crate) struct ModelledListing {
    /// The operation, as in IAM.
    operation: &'static str,
    /// The parameter for the subjects, if the call names any.
    subject: Option<&'static str>,
    /// The parameters that every request has.
    constants: &'static [(&'static str, &'static str)],
    /// The parameter for the token, and the member of the response with the next one. `None` if AWS does not page it.
    token: Option<(&'static str, &'static str)>,
    ready: OnceLock<Option<ReadyListing>>,
}

/// The shape of an operation, with the plugin of its calls.
#[derive(Clone, Debug)]
struct ReadyListing {
    shape: &'static RequestShape,
    plugin: SharedRuntimePlugin,
}

impl ModelledListing {
    pub(crate) const fn new(
        operation: &'static str,
        subject: Option<&'static str>,
        constants: &'static [(&'static str, &'static str)],
        token: Option<(&'static str, &'static str)>,
    ) -> Self {
        Self { operation, subject, constants, token, ready: OnceLock::new() }
    }

    fn ready(&self) -> Result<&ReadyListing, AwsError> {
        let make = || {
            let shape = operation(self.operation)?.request?;
            let mut layer = Layer::new("rolecall's operation");
            layer.store_put(SharedRequestSerializer::new(ShapeSerializer(shape)));
            layer.store_put(SharedResponseDeserializer::new(PagingDeserializer));
            layer.store_put(signing(shape.service));
            layer.store_put(Metadata::new(shape.name, shape.service.id));
            let plugin = SharedRuntimePlugin::new(StaticRuntimePlugin::new().with_config(layer.freeze()));
            Some(ReadyListing { shape, plugin })
        };
        let none = || AwsError::new(AwsErrorKind::Other, format!("no request of {} can be built", self.operation));
        self.ready.get_or_init(make).as_ref().ok_or_else(none)
    }

    fn values(&self, params: &CallParams) -> ParameterValues {
        let mut values: ParameterValues =
            self.constants.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        values
            .extend(self.subject.into_iter().flat_map(|name| params.subjects.iter().map(move |id| (name, id.clone()))));
        values.extend(self.token.and_then(|(name, _)| Some((name, params.token()?))));
        values
    }
}

impl ServiceClient {
    /// Requests one page of a listing.
    pub(crate) async fn list(&self, listing: &ModelledListing, params: &CallParams) -> Result<NextPage, AwsError> {
        let ReadyListing { shape, plugin } = listing.ready()?;
        let endpoint = self.endpoint_plugin(|client_config, credentials, region| {
            let parts = EndpointParts {
                client_config,
                credentials: credentials.rest.clone(),
                region,
                signing_name: shape.service.name,
                user_agent: ApiMetadata::new(shape.service.name, env!("CARGO_PKG_VERSION")),
                endpoint: endpoint(client_config, shape.service, region),
            };
            parts.into_plugin()
        });
        let input = Input::erase(listing.values(params));
        match invoke_with(endpoint, plugin.clone(), input).await {
            Ok(scalars) => {
                let next = listing.token.and_then(|(_, next)| scalars.text(next));
                NextPage::from_marker(&scalars, next.map(|token| vec![token]))
            }
            Err(error) => Err(unsupported_where_absent(shape.service, self.region(), error)),
        }
    }
}

/// The error of a call, or that the region does not have the service: nothing can be reached, and AWS lists no endpoint.
fn unsupported_where_absent(service: &ServiceModel, region: &str, error: AwsError) -> AwsError {
    if error.kind != AwsErrorKind::Unreachable || service.regions.contains(&region) {
        return error;
    }
    let message =
        format!("AWS lists no endpoint of {} in {region}, and none can be reached: {}", service.name, error.message);
    AwsError { kind: AwsErrorKind::Unsupported, message, ..error }
}

/// The URL of a service in a region.
fn endpoint(client_config: &ClientConfig, service: &ServiceModel, region: &Region) -> Result<Endpoint, String> {
    let config = &client_config.config;
    let (is_fips, is_dual_stack) = (config.use_fips().unwrap_or(false), config.use_dual_stack().unwrap_or(false));
    let url = match endpoint_url(client_config, service.id) {
        Some(_) if is_fips || is_dual_stack => {
            return Err("an endpoint of one's own is used, so neither FIPS nor dual stack can be asked for".into());
        }
        Some(url) => url,
        None => url(client_config.partition, service, region.as_ref(), (is_fips, is_dual_stack)),
    };
    Ok(Endpoint::builder().url(url).build())
}

/// The host of a service by the rules of AWS's endpoints, which the generator of the shapes has reduced to forms.
fn url(partition: &Partition, service: &ServiceModel, region: &str, (is_fips, is_dual_stack): (bool, bool)) -> String {
    let variant = 2 * usize::from(is_fips) + usize::from(is_dual_stack);
    let other = service.other_hosts.iter().find(|(of, at, _)| *of == region && *at == variant);
    let host = other.map_or(service.hosts[variant], |(.., host)| host);
    let host = host.replace("{region}", region).replace("{dns}", partition.dns_suffix);
    format!("https://{}", host.replace("{dual}", partition.dual_stack_dns_suffix))
}

/// How requests are signed. S3 wants the hash of the body in a header, and paths as they are.
fn signing(service: &ServiceModel) -> SigV4OperationSigningConfig {
    let mut signing = SigV4OperationSigningConfig::default();
    if service.name == "s3" {
        signing.signing_options.content_sha256_header = true;
        signing.signing_options.double_uri_encode = false;
        signing.signing_options.normalize_uri_path = false;
    }
    signing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::partition;

    fn service(name: &str) -> &'static ServiceModel {
        operation(name).and_then(|operation| operation.request).expect("it has a shape").service
    }

    #[test]
    fn hosts_are_those_of_the_partition() {
        let resolver = "route53resolver:ListResolverRules";
        let (s3, distributions) = ("s3:ListBuckets", "cloudfront:ListDistributions");
        let networks = "networkmanager:ListCoreNetworks";
        for (operation, name, region, variant, host) in [
            (s3, "aws", "us-east-1", (false, false), "s3.us-east-1.amazonaws.com"),
            (s3, "aws", "eu-west-1", (false, true), "s3.dualstack.eu-west-1.amazonaws.com"),
            (s3, "aws", "us-east-2", (true, true), "s3-fips.dualstack.us-east-2.amazonaws.com"),
            (s3, "aws-cn", "cn-north-1", (false, true), "s3.dualstack.cn-north-1.amazonaws.com.cn"),
            (distributions, "aws", "us-east-1", (false, false), "cloudfront.amazonaws.com"),
            (distributions, "aws", "us-east-1", (true, true), "cloudfront-fips.global.api.aws"),
            (distributions, "aws-cn", "cn-northwest-1", (false, false), "cloudfront.cn-northwest-1.amazonaws.com.cn"),
            (networks, "aws", "us-west-2", (false, false), "networkmanager.us-west-2.amazonaws.com"),
            (networks, "aws-us-gov", "us-gov-west-1", (true, false), "networkmanager.us-gov-west-1.amazonaws.com"),
            (resolver, "aws", "eu-west-1", (false, false), "route53resolver.eu-west-1.amazonaws.com"),
            (resolver, "aws", "eu-west-1", (true, false), "route53resolver-fips.eu-west-1.amazonaws.com"),
            (resolver, "aws", "eu-west-1", (true, true), "route53resolver-fips.eu-west-1.api.aws"),
            (resolver, "aws-cn", "cn-north-1", (false, false), "route53resolver.cn-north-1.amazonaws.com.cn"),
            (
                resolver,
                "aws-cn",
                "cn-north-1",
                (false, true),
                "route53resolver.cn-north-1.api.amazonwebservices.com.cn",
            ),
            (resolver, "aws-us-gov", "us-gov-west-1", (true, false), "route53resolver.us-gov-west-1.amazonaws.com"),
            (resolver, "aws-us-gov", "us-gov-west-1", (true, true), "route53resolver-fips.us-gov-west-1.api.aws"),
            (resolver, "aws-eusc", "eusc-de-east-1", (false, false), "route53resolver.eusc-de-east-1.amazonaws.eu"),
        ] {
            let partition = partition(name).expect("a partition");
            assert_eq!(url(partition, service(operation), region, variant), format!("https://{host}"));
        }
    }

    #[test]
    fn a_service_is_unsupported_only_where_neither_aws_nor_the_list_knows_it() {
        let domains = service("route53domains:ListDomains");
        let unreachable = || AwsError::new(AwsErrorKind::Unreachable, "the endpoint cannot be reached: dns error");
        let kind = |region, error| unsupported_where_absent(domains, region, error).kind;
        assert_eq!(kind("eu-west-1", unreachable()), AwsErrorKind::Unsupported);
        assert_eq!(kind("us-east-1", unreachable()), AwsErrorKind::Unreachable);
        assert_eq!(kind("eu-west-1", AwsError::new(AwsErrorKind::Denied, "no")), AwsErrorKind::Denied);
        assert_eq!(kind("eu-west-1", AwsError::new(AwsErrorKind::OutOfTime, "no")), AwsErrorKind::OutOfTime);
    }
}
