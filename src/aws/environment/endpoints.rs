//! The endpoints that the environment configures, for all services or for one.

use std::collections::HashMap;

use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use super::reader::Reader;
use crate::input::quoted;

/// The services whose endpoints can be configured one by one, by their names in variables: each that is called, by a client of
/// the SDK or by a modelled request. A profile has them in lower case: with underscores for the AWS CLI, with hyphens for the SDK.
const SERVICES: [&str; 25] = [
    "ACCOUNT",
    "APIGATEWAYV2",
    "API_GATEWAY",
    "CLOUDFRONT",
    "DIRECT_CONNECT",
    "EC2",
    "ELASTIC_BEANSTALK",
    "ELASTIC_LOAD_BALANCING",
    "ELASTIC_LOAD_BALANCING_V2",
    "EVENTBRIDGE",
    "GLOBAL_ACCELERATOR",
    "IAM",
    "NETWORKMANAGER",
    "ORGANIZATIONS",
    "ROUTE53PROFILES",
    "ROUTE53RESOLVER",
    "ROUTE_53",
    "ROUTE_53_DOMAINS",
    "S3",
    "SERVICEDISCOVERY",
    "SFN",
    "SQS",
    "SSO",
    "SSO_OIDC",
    "STS",
];
const VARIABLE: &str = "AWS_ENDPOINT_URL";
const KEY: &str = "endpoint_url";

/// The configured endpoints. Each is a URL that the SDK can use.
#[derive(Clone, Debug, Default)]
pub(in crate::aws) struct Endpoints {
    /// The endpoint of all services that have none of their own.
    pub global: Option<String>,
    of_service: HashMap<&'static str, String>,
    /// A variable that is set and blank. The SDK's own sources of credentials cannot take it.
    pub blank: Option<String>,
}

impl Endpoints {
    /// Reads them in the SDK's order: for each service its own variable, the common variable, its key, the common key.
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        if reader.flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls") == Some(true) {
            return Self::default();
        }
        let variable = reader.variable(VARIABLE).and_then(|url| usable(reader, &url, VARIABLE.to_owned()));
        let key = reader.profile.get(KEY).map(str::to_owned);
        let key = key.and_then(|url| usable(reader, &url, reader.profile.place(KEY)));
        let names = ["", "_STS", "_SSO", "_SSO_OIDC"].map(|service| format!("{VARIABLE}{service}"));
        let blank = names.into_iter().find(|name| reader.raw(name).is_some_and(|text| text.trim().is_empty()));
        let mut endpoints = Self { global: variable.clone().or(key), of_service: HashMap::new(), blank };
        for service in SERVICES {
            let name = format!("{VARIABLE}_{service}");
            let own = match reader.variable(&name) {
                Some(url) => usable(reader, &url, name),
                None if variable.is_some() => None,
                None => {
                    let service = service.to_ascii_lowercase();
                    let spellings = [service.clone(), service.replace('_', "-")];
                    let found = spellings
                        .into_iter()
                        .find_map(|service| Some((reader.profile.service(&service, KEY)?.to_owned(), service)));
                    found.and_then(|(url, service)| {
                        usable(reader, &url, format!("{KEY} of {service} in the services of the profile"))
                    })
                }
            };
            if let Some(url) = own {
                endpoints.of_service.insert(service, url);
            }
        }
        endpoints
    }

    /// The endpoint of a service, by its name in variables.
    fn of(&self, service: &str) -> Option<&String> {
        self.of_service.get(service).or(self.global.as_ref())
    }
}

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        if key.env() == VARIABLE { self.of(&name_in_variables(key.service_id())).cloned() } else { None }
    }
}

/// The name of a service in variables, of its id in the SDK.
fn name_in_variables(service_id: &str) -> String {
    service_id.to_ascii_uppercase().replace(' ', "_")
}

/// Returns the URL if requests can be signed for it and sent to it.
fn usable(reader: &mut Reader<'_>, url: &str, place: String) -> Option<String> {
    let fits = url.parse::<http::Uri>().is_ok_and(|uri| {
        let authority = uri.authority().map_or("", http::uri::Authority::as_str);
        let host_and_port = authority.rsplit('@').next().unwrap_or_default();
        let port = host_and_port.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'));
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            // The parser keeps a port that is no number.
            && port.is_none_or(|port| port.parse::<u16>().is_ok())
            && uri.query().is_none()
            && !url.contains('#')
    });
    if fits {
        return Some(url.to_owned());
    }
    let what = "is not a URL with a scheme and a host: write it as http://localhost:4566, or unset it";
    reader.problems.push(place, format!("{} {what}", quoted(url)));
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::shapes::operations;

    /// A call that ignored its endpoint would send a signed request to AWS from a network or a test that must not.
    #[test]
    fn every_service_that_is_called_has_a_variable() {
        for service in operations().filter_map(|operation| operation.request).map(|request| request.service) {
            assert!(SERVICES.contains(&name_in_variables(service.id).as_str()), "{}", service.id);
        }
        assert!(SERVICES.is_sorted());
    }
}
