//! The settings of a run, each with one name as an environment variable and, for some, a flag of the command line.
//!
//! All values are read at the start, and all invalid values are reported at once.
//!
//! **Invariant:** knows the form of the settings ([`SETTINGS`]), and nothing of what they do.

mod runtime;
mod memory;
mod step_events;
mod http_events;
mod report_pages;
mod parse;
mod setting;
mod table;

pub use http_events::HttpEvents;
pub use report_pages::ReportPages;
pub use runtime::Runtime;
pub use step_events::StepEvents;

pub(crate) use parse::duration;
pub(crate) use setting::{DefaultValue, Flag, Setting};
pub(crate) use table::SETTINGS;

use std::time::Duration;

use crate::domain::Place;
use crate::input::{ParseError, ValidationErrors, quoted};

/// The minimum memory for responses in bytes, even if the process's limit is very low.
const MIN_BODY_MEMORY: u64 = 16 << 20;

/// The settings of a run. The defaults leave customers at least half of their API quotas.
///
/// The table `SETTINGS` says what each field does.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `ROLECALL_REGISTRY`: a file, or `s3://bucket/key`.
    pub registry: Option<String>,
    /// `ROLECALL_OUTPUT`: a folder, or `s3://bucket/prefix`.
    pub output: Option<String>,
    /// `ROLECALL_OUTPUT_KMS_KEY`: none means the bucket's default.
    pub output_kms_key: Option<String>,
    /// `ROLECALL_FORMAT`: `parquet` or `ndjson`.
    pub format: Option<String>,
    /// `ROLECALL_BACKEND_ROLE`: a role's ARN.
    pub backend_role: Option<String>,
    /// `ROLECALL_STS_REGION`: none means the region that suits the partition.
    pub sts_region: Option<String>,
    /// `ROLECALL_DEFAULT_REQUEST`: a request as JSON text.
    pub default_request: Option<String>,
    /// `ROLECALL_INLINE`: none means yes on the command line, and no in the function.
    pub inline: Option<bool>,
    /// `ROLECALL_STEPS`: what the function does with steps of a state machine.
    pub steps: StepEvents,
    /// `ROLECALL_HTTP`: what the function does with requests over HTTP.
    pub http: HttpEvents,
    /// `ROLECALL_BODY_MEMORY`: memory for responses, in bytes.
    pub body_memory: u64,
    /// `ROLECALL_IN_FLIGHT`: calls in one process.
    pub in_flight: usize,
    /// `ROLECALL_ACCOUNT_IN_FLIGHT`: calls in one account.
    pub account_in_flight: usize,
    /// `ROLECALL_REGION_IN_FLIGHT`: calls at one service in one region of an account.
    pub region_in_flight: usize,
    /// `ROLECALL_ACCOUNTS_AT_ONCE`: accounts that are open.
    pub accounts_at_once: usize,
    /// `ROLECALL_EC2_RATE`: calls per second in one account and region.
    pub ec2_rate: f64,
    /// `ROLECALL_EC2_BURST`: none means five seconds of the rate.
    pub ec2_burst: Option<f64>,
    /// `ROLECALL_ROUTE53_RATE`: calls per second in one account.
    pub route53_rate: f64,
    /// `ROLECALL_ROUTE53_BURST`: none means two seconds of the rate.
    pub route53_burst: Option<f64>,
    /// Calls per second to Route 53 Resolver in one account and region, and as many each to Profiles and Domains.
    pub resolver_rate: f64,
    /// Calls per second to each service that holds names, such as load balancers, in one account and region.
    pub names_rate: f64,
    /// `ROLECALL_STS_RATE`: AssumeRole calls per second.
    pub sts_rate: f64,
    /// `ROLECALL_STS_PATIENCE`: time during which a throttled AssumeRole call is retried.
    pub sts_patience: Duration,
    /// `ROLECALL_ATTEMPTS`: attempts at one call, the first one included.
    pub attempts: u32,
    /// `ROLECALL_BACKOFF`: upper bound of the wait before the second attempt.
    pub backoff: Duration,
    /// `ROLECALL_BACKOFF_LIMIT`: upper bound of any wait between two attempts.
    pub backoff_limit: Duration,
    /// `ROLECALL_CONNECT_TIMEOUT`: for opening a connection.
    pub connect_timeout: Duration,
    /// `ROLECALL_CALL_TIMEOUT`: for one attempt, including its response.
    pub call_timeout: Duration,
    /// `ROLECALL_OPERATION_TIMEOUT`: for all attempts at a call, without the waits between them.
    pub operation_timeout: Duration,
    /// `ROLECALL_ACCOUNT_BUDGET`: for all waiting for AWS in one account.
    pub account_budget: Duration,
    /// `ROLECALL_DEADLINE`: for the whole run; in Lambda none means the invocation's.
    pub deadline: Option<Duration>,
    /// `ROLECALL_MARGIN`: time kept for writing; none means that it is measured.
    pub margin: Option<Duration>,
    /// `ROLECALL_LEASE`: how long a lease on a shard lasts unless it is renewed; none means no leases.
    pub lease: Option<Duration>,
    /// `ROLECALL_CONTINUE_QUEUE`: the URL of an SQS queue.
    pub continue_queue: Option<String>,
    /// `ROLECALL_CONTINUATIONS`: how many times a run is continued.
    pub continuations: u32,
    /// `ROLECALL_EVENT_BUS`: the name or ARN of an EventBridge bus.
    pub event_bus: Option<String>,
    /// `ROLECALL_TRUST_INTERVAL`: how often each role is tried without its external ID; none means never.
    pub trust_interval: Option<Duration>,
    /// `ROLECALL_DISABLE_OPEN_ROLES`: whether a committed run disables the targets whose roles are open.
    pub disable_open_roles: bool,
    /// `ROLECALL_CHANGES`: whether a committed run records what it changed.
    pub changes: bool,
    /// `ROLECALL_REPORT`: whether a committed run writes a report page.
    pub report: ReportPages,
    /// `ROLECALL_STATE_MACHINE`: the ARN that `--fleet` starts.
    pub state_machine: Option<String>,
    /// `--timings`: record the wait times of calls.
    pub timings: bool,
    /// `ROLECALL_LOG`: `error` to `trace`.
    pub log: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            registry: None,
            output: None,
            output_kms_key: None,
            format: None,
            backend_role: None,
            sts_region: None,
            default_request: None,
            inline: None,
            steps: StepEvents::Accept,
            http: HttpEvents::Refuse,
            body_memory: 256 << 20,
            in_flight: 384,
            account_in_flight: 64,
            region_in_flight: 8,
            accounts_at_once: 128,
            ec2_rate: 10.0,
            ec2_burst: None,
            route53_rate: 5.0,
            route53_burst: None,
            resolver_rate: 2.5,
            names_rate: 5.0,
            sts_rate: 300.0,
            sts_patience: Duration::from_secs(120),
            attempts: 5,
            backoff: Duration::from_secs(1),
            backoff_limit: Duration::from_secs(20),
            connect_timeout: Duration::from_millis(3100),
            call_timeout: Duration::from_secs(30),
            operation_timeout: Duration::from_secs(90),
            account_budget: Duration::from_secs(300),
            deadline: None,
            margin: None,
            event_bus: None,
            lease: Some(Duration::from_secs(60)),
            continue_queue: None,
            continuations: 10,
            trust_interval: Some(Duration::from_secs(24 * 60 * 60)),
            disable_open_roles: false,
            changes: false,
            report: ReportPages::None,
            state_machine: None,
            timings: false,
            log: None,
        }
    }
}

/// Returns a variable of this process. A text that is not UTF-8 is kept with marks, so that it is refused and not ignored.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|text| text.to_string_lossy().into_owned())
}

impl Settings {
    /// Reads the settings from the environment by `get`. The errors name every value that cannot be read.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, ValidationErrors> {
        let mut errors = ValidationErrors::default();
        let get = |name: &str| get(name).filter(|value| !value.trim().is_empty());
        let mut settings = Self { body_memory: default_body_memory(get), ..Self::default() };
        for setting in SETTINGS {
            let Some(text) = get(setting.name) else { continue };
            if let Err(advice) = (setting.apply)(&mut settings, &text) {
                errors.push(setting.name, format!("{} cannot be read: {advice}", quoted(&text)));
            }
        }
        for (name, address) in [("ROLECALL_REGISTRY", &settings.registry), ("ROLECALL_OUTPUT", &settings.output)] {
            if let Some(Err(ParseError(what))) = address.as_deref().map(Place::read) {
                errors.push(name, what);
            }
        }
        errors.into_result(settings)
    }
}

/// The memory of the function in bytes, if this is one.
fn function_memory(get: impl Fn(&str) -> Option<String>) -> Option<u64> {
    let megabytes = get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")?.parse::<u64>().ok()?;
    Some(megabytes << 20)
}

/// The memory that the function or the process may use, in bytes. `None` if there is no limit.
pub(crate) fn memory_limit() -> Option<u64> {
    function_memory(variable).into_iter().chain(memory::limit()).min()
}

/// Returns a quarter of the memory that the function or the process may use.
fn default_body_memory(get: impl Fn(&str) -> Option<String>) -> u64 {
    let body_memory = function_memory(get).map_or(Settings::default().body_memory, |bytes| bytes / 4);
    match memory::limit() {
        Some(limit) => body_memory.min((limit / 4).max(MIN_BODY_MEMORY)),
        None => body_memory,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_given_and_keeps_the_rest() {
        let given = |name: &str| match name {
            "ROLECALL_CALL_TIMEOUT" => Some("45s".to_owned()),
            "ROLECALL_BODY_MEMORY" => Some("64MiB".to_owned()),
            "ROLECALL_ROUTE53_RATE" => Some("7.5".to_owned()),
            "ROLECALL_OUTPUT" => Some("out".to_owned()),
            _ => None,
        };
        let settings = Settings::read(given).unwrap();
        let expected = Settings {
            call_timeout: Duration::from_secs(45),
            body_memory: 64 << 20,
            route53_rate: 7.5,
            output: Some("out".into()),
            ..Settings::default()
        };
        assert_eq!(settings, expected);
    }

    #[test]
    fn names_every_value_that_cannot_be_read() {
        let given = |name: &str| match name {
            "ROLECALL_CALL_TIMEOUT" => Some("soon".to_owned()),
            "ROLECALL_MARGIN" => Some("-5s".to_owned()),
            "ROLECALL_IN_FLIGHT" => Some("0".to_owned()),
            "ROLECALL_EC2_RATE" => Some("NaN".to_owned()),
            "ROLECALL_LOG" => Some("loud".to_owned()),
            "ROLECALL_BACKEND_ROLE" => Some("rolecall-backend".to_owned()),
            "ROLECALL_STS_REGION" => Some("Frankfurt".to_owned()),
            _ => None,
        };
        insta::assert_snapshot!(Settings::read(given).unwrap_err());
    }

    #[test]
    fn the_account_of_a_role_is_twelve_digits() {
        let role = |account: &str| {
            let arn = format!("arn:aws:iam::{account}:role/x");
            Settings::read(|name| (name == "ROLECALL_BACKEND_ROLE").then(|| arn.clone()))
        };
        assert!(role("111122223333").is_ok());
        assert!(role("abcdefghijkl").is_err());
    }

    #[test]
    fn the_defaults_of_the_table_are_those_of_the_type() {
        for setting in SETTINGS {
            if let DefaultValue::Value(text) = setting.default {
                let mut settings = Settings::default();
                (setting.apply)(&mut settings, text).unwrap();
                assert_eq!(settings, Settings::default(), "{}", setting.name);
            }
        }
    }

    #[test]
    fn names_and_flags_are_one_name_each() {
        let mut names = std::collections::BTreeSet::new();
        for setting in SETTINGS {
            assert!(names.insert(setting.name), "{}", setting.name);
            assert!(!setting.doc.ends_with('.'), "{}: the help of a flag has no full stop", setting.name);
            if let Some(flag) = setting.flag {
                let expected = format!("ROLECALL_{}", flag.name.replace('-', "_").to_uppercase());
                assert_eq!(setting.name, expected);
            }
        }
    }
}
