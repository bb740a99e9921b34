//! The services whose listings are sent: the operations of their SDKs, a client that builds their inputs, and the plugin of an
//! endpoint.
//!
//! **Invariant:** knows nothing of how a call is sent.

/// Makes the module of a service. A macro, since the SDKs of two services have no type in common.
macro_rules! service {
    ($name:ident, $sdk:ident, $id:literal, $credentials:ident) => {
        pub(crate) mod $name {
            use std::sync::LazyLock;

            use aws_runtime::user_agent::ApiMetadata;
            use aws_smithy_runtime_api::client::runtime_plugin::SharedRuntimePlugin;
            use aws_smithy_types::endpoint::Endpoint;
            use aws_types::region::Region;
            use $sdk::Client;
            use $sdk::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
            use $sdk::config::{BehaviorVersion, Config};
            pub(crate) use $sdk::operation;

            use crate::aws::sdk::endpoint_plugin::{EndpointParts, NoHttpClient, endpoint_url, resolved};
            use crate::aws::session::{ClientConfig, ServiceClient};

            /// A client that builds inputs. The SDK's request builders hang on a client; nothing is sent by this one.
            pub(crate) fn requests() -> &'static Client {
                static CLIENT: LazyLock<Client> = LazyLock::new(|| {
                    let config = Config::builder().behavior_version(BehaviorVersion::v2026_01_12());
                    Client::from_conf(config.http_client(NoHttpClient).build())
                });
                &CLIENT
            }

            /// The plugin for the calls to one endpoint of an account.
            pub(crate) fn plugin(client: &ServiceClient) -> SharedRuntimePlugin {
                client.endpoint_plugin(|client_config, credentials, region| {
                    let parts = EndpointParts {
                        client_config,
                        credentials: credentials.$credentials.clone(),
                        region,
                        signing_name: stringify!($name),
                        user_agent: ApiMetadata::new(stringify!($name), $sdk::meta::PKG_VERSION),
                        endpoint: endpoint(client_config, region),
                    };
                    parts.into_plugin()
                })
            }

            /// The URL of the service in a region, by the SDK's own rules.
            fn endpoint(client_config: &ClientConfig, region: &Region) -> Result<Endpoint, String> {
                static RULES: LazyLock<DefaultResolver> = LazyLock::new(DefaultResolver::new);
                let params = Params::builder()
                    .region(region.as_ref())
                    .set_use_fips(client_config.config.use_fips())
                    .set_use_dual_stack(client_config.config.use_dual_stack())
                    .set_endpoint(endpoint_url(client_config, $id))
                    .build();
                let params = params.map_err(|error| error.to_string())?;
                resolved(RULES.resolve_endpoint(&params))
            }
        }
    };
}

service!(ec2, aws_sdk_ec2, "EC2", ec2);
service!(route53, aws_sdk_route53, "Route 53", rest);
