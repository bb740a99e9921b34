//! The proxies that the environment configures, by the variables that the AWS CLI reads too.

use std::fmt;

use aws_smithy_http_client::proxy::ProxyConfig;

use super::reader::Reader;

/// The hosts that give this machine its own credentials. No proxy may see those.
const METADATA_HOSTS: [&str; 5] =
    ["169.254.169.254", "169.254.170.2", "169.254.170.23", "[fd00:ec2::254]", "[fd00:ec2::23]"];

/// The proxies for both schemes, and the hosts that are called without one.
#[derive(Clone, Debug, Default)]
pub(in crate::aws) struct Proxies {
    /// The proxy of `http://` endpoints.
    pub http: Option<Proxy>,
    /// The proxy of `https://` endpoints.
    pub https: Option<Proxy>,
    /// Whether `NO_PROXY` names all hosts. The HTTP client applies that to names only, not to addresses.
    all_direct: bool,
    /// Entries of `NO_PROXY` with a port, which the HTTP client does not know.
    direct: Vec<(String, u16)>,
}

/// A proxy with its user name and password.
#[derive(Clone)]
pub(in crate::aws) struct Proxy {
    /// The variable that names it.
    pub variable: &'static str,
    /// Whether the proxy itself is called by TLS.
    pub is_secure: bool,
    /// The configuration of the HTTP client. It may hold a password.
    pub config: ProxyConfig,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Proxy").field("variable", &self.variable).finish_non_exhaustive()
    }
}

impl Proxies {
    /// Reads the variables. Those in lower case go first, also if they are empty, as in the AWS CLI.
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let exceptions = first(reader, ["no_proxy", "NO_PROXY"]).map(|(_, text)| text).unwrap_or_default();
        let (mut direct, mut hosts) = (Vec::new(), Vec::new());
        for entry in exceptions.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| !entry.is_empty()) {
            let entry = entry.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(entry);
            match entry.rsplit_once(':').map(|(host, port)| (host, port.parse::<u16>())) {
                Some((host, Ok(port))) if !host.contains(':') || host.ends_with(']') => {
                    direct.push((host.to_ascii_lowercase(), port));
                }
                _ => hosts.push(entry.trim_matches(['[', ']'])),
            }
        }
        let all_direct = hosts.contains(&"*");
        let hosts = hosts.join(",");
        let mut proxy =
            |names, make: fn(http::Uri) -> Result<ProxyConfig, aws_smithy_http_client::proxy::ProxyError>| {
                let (variable, text) = first(reader, names)?;
                let url = if text.contains("://") { text } else { format!("http://{text}") };
                let uri = url.parse::<http::Uri>().ok();
                let is_secure = uri.as_ref().and_then(http::Uri::scheme_str) == Some("https");
                match uri.filter(|uri| uri.host().is_some_and(|host| !host.is_empty())).and_then(|uri| make(uri).ok()) {
                    Some(config) => Some(Proxy { variable, is_secure, config: config.no_proxy(&hosts) }),
                    None => {
                        let what = "it is not the URL of an HTTP proxy: write it as http://proxy.example.com:3128, or unset it";
                        reader.problems.push(variable, what);
                        None
                    }
                }
            };
        let http = proxy(["http_proxy", "HTTP_PROXY"], ProxyConfig::http::<http::Uri>);
        let https = proxy(["https_proxy", "HTTPS_PROXY"], ProxyConfig::https::<http::Uri>);
        Self { http, https, all_direct, direct }
    }

    /// Whether a host is called without a proxy, whatever the HTTP client's own list says.
    pub(in crate::aws) fn is_direct(&self, uri: &http::Uri) -> bool {
        let host = uri.host().unwrap_or_default().to_ascii_lowercase();
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        let listed = |(name, exception): &(String, u16)| {
            let below = name.starts_with('.') && host.ends_with(name.as_str());
            *exception == port && (below || *name == host)
        };
        self.all_direct || METADATA_HOSTS.contains(&host.as_str()) || self.direct.iter().any(listed)
    }

    /// The variables that name proxies.
    pub(in crate::aws) fn variables(&self) -> impl Iterator<Item = &'static str> {
        self.https.iter().chain(&self.http).map(|proxy| proxy.variable)
    }
}

/// The first of two variables that is set, unless it is empty.
fn first(reader: &mut Reader<'_>, names: [&'static str; 2]) -> Option<(&'static str, String)> {
    let (name, text) = names.into_iter().find_map(|name| Some((name, reader.raw(name)?)))?;
    let text = text.trim().to_owned();
    (!text.is_empty()).then_some((name, text))
}
