//! The settings: one name each, as an environment variable of the function and a flag of the CLI.
//!
//! Every value is read at the start and all that cannot be read are told at once. Knows nothing of
//! what the settings do.

mod runtime;
mod memory;

pub use runtime::Runtime;

use std::time::Duration;

use crate::input::{ValidationErrors, quoted};

/// Answers being read may take so much, however narrow the process's own limit is.
const LEAST_BODY_MEMORY: u64 = 16 << 20;

/// How a run behaves; the defaults are those of a good guest.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `ROLECALL_REGISTRY`: a file, or `s3://bucket/key`.
    pub registry: Option<String>,
    /// `ROLECALL_OUTPUT`: a folder, or `s3://bucket/prefix`.
    pub output: Option<String>,
    /// `ROLECALL_OUTPUT_KMS_KEY`: the KMS key to encrypt objects with; the bucket's default otherwise.
    pub output_kms_key: Option<String>,
    /// `ROLECALL_FORMAT`.
    pub format: Option<String>,
    /// `ROLECALL_BACKEND_ROLE`: assumed first, where the caller's own identity is not `backend_role`.
    pub backend_role: Option<String>,
    /// `ROLECALL_STS_REGION`.
    pub sts_region: Option<String>,
    /// `ROLECALL_DEFAULT_REQUEST`: what a scheduled event asks for.
    pub default_request: Option<String>,
    /// `ROLECALL_BODY_MEMORY`, in bytes: answers being read take no more together. A quarter of what the function, or
    /// the process, may take where it is not set.
    pub body_memory: u64,
    /// `ROLECALL_IN_FLIGHT`: calls in flight in one process (a Lambda has 1,024 file descriptors).
    pub in_flight: usize,
    /// `ROLECALL_ACCOUNT_IN_FLIGHT`: of them in one account; it begins with fewer and earns them by answering.
    pub account_in_flight: usize,
    /// `ROLECALL_REGION_IN_FLIGHT`: listings that go on side by side in one region of an account.
    pub region_in_flight: usize,
    /// `ROLECALL_ACCOUNTS_AT_ONCE`: accounts that are open, of which most wait for a limiter.
    pub accounts_at_once: usize,
    /// `ROLECALL_EC2_RATE`: calls a second, an account and region (AWS refills 20/s an action).
    pub ec2_rate: f64,
    /// `ROLECALL_EC2_BURST`: calls at once before that rate holds (AWS allows 100 an action); five seconds' worth
    /// where it is not set.
    pub ec2_burst: Option<f64>,
    /// `ROLECALL_ROUTE53_RATE`: calls a second, an account (AWS refills 10/s for all actions together).
    pub route53_rate: f64,
    /// `ROLECALL_ROUTE53_BURST`: calls at once before that rate holds (AWS allows 50 in all); two seconds' worth
    /// where it is not set.
    pub route53_burst: Option<f64>,
    /// `ROLECALL_STS_RATE`: AssumeRole calls a second (AWS allows 600/s an account and region).
    pub sts_rate: f64,
    /// `ROLECALL_STS_PATIENCE`: how long an AssumeRole is tried again that is refused for rate.
    pub sts_patience: Duration,
    /// `ROLECALL_ATTEMPTS`: how often a call is tried in all.
    pub attempts: u32,
    /// `ROLECALL_BACKOFF`: the wait before a second attempt is up to so long, and up to twice as long each time after.
    pub backoff: Duration,
    /// `ROLECALL_BACKOFF_LIMIT`: and never longer than this.
    pub backoff_limit: Duration,
    /// `ROLECALL_CONNECT_TIMEOUT`: for a connection.
    pub connect_timeout: Duration,
    /// `ROLECALL_CALL_TIMEOUT`: for one attempt, answer included.
    pub call_timeout: Duration,
    /// `ROLECALL_OPERATION_TIMEOUT`: for all attempts of a call together, without the waits between them.
    pub operation_timeout: Duration,
    /// `ROLECALL_ACCOUNT_BUDGET`: for all waiting for AWS in one account.
    pub account_budget: Duration,
    /// `ROLECALL_DEADLINE`: for the whole run; in Lambda the invocation's own.
    pub deadline: Option<Duration>,
    /// `ROLECALL_MARGIN`: kept before the deadline for writing what was collected; measured where it is not set.
    pub margin: Option<Duration>,
    /// `ROLECALL_CONTINUE_QUEUE`: the URL of the function's own queue, where it sends what remains of a run.
    pub continue_queue: Option<String>,
    /// `ROLECALL_CONTINUATIONS`: how many times at most.
    pub continuations: u32,
    /// `ROLECALL_EVENT_BUS`: the name or ARN of the EventBridge bus that is told of committed runs.
    pub event_bus: Option<String>,
    /// Whether it is kept where the time went.
    pub timings: bool,
    /// `ROLECALL_LOG`: how much of rolecall's own doings is logged, `error` to `trace`.
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
            body_memory: 256 << 20,
            in_flight: 384,
            account_in_flight: 64,
            region_in_flight: 8,
            accounts_at_once: 128,
            ec2_rate: 10.0,
            ec2_burst: None,
            route53_rate: 5.0,
            route53_burst: None,
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
            continue_queue: None,
            continuations: 10,
            timings: false,
            log: None,
        }
    }
}

impl Settings {
    /// Reads the environment through `get`; `ValidationErrors` names every value that cannot be read.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, ValidationErrors> {
        let mut errors = ValidationErrors::default();
        let mut settings = Self::default();
        let get = |name: &str| get(name).filter(|value| !value.trim().is_empty());
        if let Some(megabytes) = get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").and_then(|text| text.parse::<u64>().ok()) {
            settings.body_memory = (megabytes << 20) / 4;
        }
        if let Some(limit) = memory::limit() {
            settings.body_memory = settings.body_memory.min((limit / 4).max(LEAST_BODY_MEMORY));
        }
        settings.registry = get("ROLECALL_REGISTRY");
        settings.output = get("ROLECALL_OUTPUT");
        settings.output_kms_key = get("ROLECALL_OUTPUT_KMS_KEY");
        settings.format = get("ROLECALL_FORMAT");
        settings.default_request = get("ROLECALL_DEFAULT_REQUEST");
        settings.event_bus = get("ROLECALL_EVENT_BUS");
        let mut reader = SettingsReader { get: &get, errors: &mut errors };
        reader.set("ROLECALL_LOG", &mut settings.log, level);
        reader.set("ROLECALL_BACKEND_ROLE", &mut settings.backend_role, role_arn);
        reader.set("ROLECALL_STS_REGION", &mut settings.sts_region, region);
        reader.set("ROLECALL_BODY_MEMORY", &mut settings.body_memory, bytes);
        reader.set("ROLECALL_IN_FLIGHT", &mut settings.in_flight, |text| whole(text, 1, 1_000));
        reader.set("ROLECALL_ACCOUNT_IN_FLIGHT", &mut settings.account_in_flight, |text| whole(text, 1, 1_000));
        reader.set("ROLECALL_REGION_IN_FLIGHT", &mut settings.region_in_flight, |text| whole(text, 1, 100));
        reader.set("ROLECALL_ACCOUNTS_AT_ONCE", &mut settings.accounts_at_once, |text| whole(text, 1, 10_000));
        reader.set("ROLECALL_EC2_RATE", &mut settings.ec2_rate, rate);
        reader.set("ROLECALL_EC2_BURST", &mut settings.ec2_burst, |text| burst(text).map(Some));
        reader.set("ROLECALL_ROUTE53_RATE", &mut settings.route53_rate, rate);
        reader.set("ROLECALL_ROUTE53_BURST", &mut settings.route53_burst, |text| burst(text).map(Some));
        reader.set("ROLECALL_STS_RATE", &mut settings.sts_rate, rate);
        reader.set("ROLECALL_STS_PATIENCE", &mut settings.sts_patience, duration);
        reader.set("ROLECALL_ATTEMPTS", &mut settings.attempts, |text| whole(text, 1, 20));
        reader.set("ROLECALL_BACKOFF", &mut settings.backoff, duration);
        reader.set("ROLECALL_BACKOFF_LIMIT", &mut settings.backoff_limit, duration);
        reader.set("ROLECALL_CONNECT_TIMEOUT", &mut settings.connect_timeout, duration);
        reader.set("ROLECALL_CALL_TIMEOUT", &mut settings.call_timeout, duration);
        reader.set("ROLECALL_OPERATION_TIMEOUT", &mut settings.operation_timeout, duration);
        reader.set("ROLECALL_ACCOUNT_BUDGET", &mut settings.account_budget, duration);
        reader.set("ROLECALL_DEADLINE", &mut settings.deadline, |text| duration(text).map(Some));
        reader.set("ROLECALL_MARGIN", &mut settings.margin, |text| duration(text).map(Some));
        reader.set("ROLECALL_CONTINUE_QUEUE", &mut settings.continue_queue, queue);
        reader.set("ROLECALL_CONTINUATIONS", &mut settings.continuations, |text| whole(text, 0, 1_000));
        if errors.is_empty() { Ok(settings) } else { Err(errors) }
    }
}

/// Reads values one by one and keeps the problems.
struct SettingsReader<'a, G> {
    get: &'a G,
    errors: &'a mut ValidationErrors,
}

impl<G: Fn(&str) -> Option<String>> SettingsReader<'_, G> {
    fn set<T>(&mut self, name: &str, into: &mut T, read: impl FnOnce(&str) -> Result<T, String>) {
        let Some(text) = (self.get)(name) else { return };
        match read(text.trim()) {
            Ok(value) => *into = value,
            Err(what) => self.errors.push(name, format!("{} cannot be read: {what}", quoted(&text))),
        }
    }
}

/// Reads `30s`, `5m`, `1h30m`, `500ms`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let signed: jiff::SignedDuration = text.parse().map_err(|_| "write a duration as 30s, 5m or 1h30m".to_owned())?;
    let duration = Duration::try_from(signed).map_err(|_| "a duration cannot be negative".to_owned())?;
    if duration.is_zero() { Err("it must be longer than nothing".into()) } else { Ok(duration) }
}

fn whole<T: TryFrom<u64>>(text: &str, least: u64, most: u64) -> Result<T, String> {
    let number: u64 = text.parse().map_err(|_| format!("write a whole number from {least} to {most}"))?;
    let number = if (least..=most).contains(&number) { T::try_from(number).ok() } else { None };
    number.ok_or_else(|| format!("it must lie from {least} to {most}"))
}

fn level(text: &str) -> Result<Option<String>, String> {
    let levels = ["error", "warn", "info", "debug", "trace"];
    let known = levels.contains(&text.to_ascii_lowercase().as_str());
    if known { Ok(Some(text.to_owned())) } else { Err(format!("write one of {}", levels.join(", "))) }
}

fn role_arn(text: &str) -> Result<Option<String>, String> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "iam", "", account, role] if account.len() == 12 && role.starts_with("role/") => {
            Ok(Some(text.to_owned()))
        }
        _ => Err("write a role's ARN, as arn:aws:iam::111122223333:role/rolecall-backend".into()),
    }
}

fn region(text: &str) -> Result<Option<String>, String> {
    let letters = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if letters && text.contains('-') { Ok(Some(text.to_owned())) } else { Err("write a region, as eu-west-1".into()) }
}

fn rate(text: &str) -> Result<f64, String> {
    calls(text, 0.1, "write calls a second, as 5 or 7.5")
}

fn burst(text: &str) -> Result<f64, String> {
    calls(text, 1.0, "write a number of calls, as 10")
}

fn calls(text: &str, least: f64, how: &str) -> Result<f64, String> {
    let most = 10_000.0;
    let number: f64 = text.parse().map_err(|_| how.to_owned())?;
    if (least..=most).contains(&number) { Ok(number) } else { Err(format!("it must lie from {least} to {most}")) }
}

fn queue(text: &str) -> Result<Option<String>, String> {
    let known = text.starts_with("https://") || text.starts_with("http://");
    if known { Ok(Some(text.to_owned())) } else { Err("write the queue's URL, as https://sqs.…".into()) }
}

fn bytes(text: &str) -> Result<u64, String> {
    let units: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1)];
    for (unit, factor) in units {
        if let Some(number) = text.strip_suffix(unit) {
            let number: u64 = number.trim().parse().map_err(|_| "write a size as 256MiB".to_owned())?;
            let bytes = number.saturating_mul(factor);
            return if (1 << 20..=1 << 40).contains(&bytes) {
                Ok(bytes)
            } else {
                Err("it must lie from 1MiB to 1024GiB".into())
            };
        }
    }
    Err("write a size as 256MiB".into())
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
}
