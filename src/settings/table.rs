//! The table of all settings.
//!
//! The environment, the flags of the command line with their help, and `infra/SETTINGS.md` all come from it.
//! **Invariant:** knows no argument parser, so that the function links none.

use super::parse::{
    boolean, burst, byte_size, duration, http_events, interval, lease, log_level, queue_url, rate, region,
    report_pages, role_arn, step_events, whole,
};
use super::setting::AppliesTo::{Both, CommandLine};
use super::setting::DefaultValue::{Derived, Unset, Value};
use super::setting::{Flag, Setting};

const fn flag(name: &'static str, value_name: &'static str) -> Option<Flag> {
    Some(Flag { name, value_name, alone: None })
}

/// A flag that may stand alone. A value follows it as in `--changes=no`.
const fn switch(name: &'static str, value_name: &'static str, alone: &'static str) -> Option<Flag> {
    Some(Flag { name, value_name, alone: Some(alone) })
}

/// A row of the table. `$parse` reads the trimmed text; `raw` keeps the text as it is.
macro_rules! setting {
    ($name:literal, $flag:expr, $default:expr, $applies_to:expr, raw $field:ident, $doc:literal) => {
        Setting {
            name: $name,
            flag: $flag,
            default: $default,
            applies_to: $applies_to,
            doc: $doc,
            apply: |settings, text| {
                settings.$field = Some(text.to_owned());
                Ok(())
            },
        }
    };
    ($name:literal, $flag:expr, $default:expr, $applies_to:expr, $field:ident = $parse:expr, $doc:literal) => {
        Setting {
            name: $name,
            flag: $flag,
            default: $default,
            applies_to: $applies_to,
            doc: $doc,
            apply: |settings, text| {
                let parse: fn(&str) -> Result<_, String> = $parse;
                settings.$field = parse(text.trim())?;
                Ok(())
            },
        }
    };
}

/// All settings, in the order of the settings page and of error messages.
pub(crate) const SETTINGS: &[Setting] = &[
    setting!(
        "ROLECALL_REGISTRY",
        flag("registry", "FILE"),
        Unset,
        Both,
        raw registry,
        "The registry of customer accounts: a file, or s3://bucket/key"
    ),
    setting!(
        "ROLECALL_OUTPUT",
        flag("output", "PLACE"),
        Unset,
        Both,
        raw output,
        "The place of the inventory: a folder, or s3://bucket/prefix"
    ),
    setting!(
        "ROLECALL_OUTPUT_KMS_KEY",
        flag("output-kms-key", "KEY"),
        Derived("the bucket's key"),
        Both,
        raw output_kms_key,
        "The KMS key that encrypts the objects of the inventory"
    ),
    setting!(
        "ROLECALL_FORMAT",
        flag("format", "FORMAT"),
        Derived("parquet"),
        Both,
        raw format,
        "The format of the inventory's files, if the request names none: parquet or ndjson"
    ),
    setting!(
        "ROLECALL_BACKEND_ROLE",
        flag("backend-role", "ARN"),
        Unset,
        Both,
        backend_role = |text| role_arn(text).map(Some),
        "The role to assume before any customer's role, if your own identity is not backend_role"
    ),
    setting!(
        "ROLECALL_STS_REGION",
        flag("sts-region", "REGION"),
        Derived("the own region; the partition's default region if the own one is opt-in"),
        Both,
        sts_region = |text| region(text).map(Some),
        "The region whose STS endpoint is called"
    ),
    setting!(
        "ROLECALL_DEFAULT_REQUEST",
        None,
        Unset,
        Both,
        raw default_request,
        "The request that a scheduled event stands for, as JSON"
    ),
    setting!(
        "ROLECALL_INLINE",
        None,
        Derived("false in the function, true on the command line"),
        Both,
        inline = |text| boolean(text).map(Some),
        "Whether a response may contain records (`inline`). Everyone who may invoke the function can then read the records \
         of all customers, those of earlier runs too"
    ),
    setting!(
        "ROLECALL_STEPS",
        None,
        Value("accept"),
        Both,
        steps = step_events,
        "What the function does with steps of the state machine: accept them, refuse them, or carry out only steps"
    ),
    setting!(
        "ROLECALL_HTTP",
        None,
        Value("refuse"),
        Both,
        http = http_events,
        "What the function does with requests over HTTP: refuse them, or answer only them"
    ),
    setting!(
        "ROLECALL_IN_FLIGHT",
        None,
        Value("384"),
        Both,
        in_flight = |text| whole(text, 1, 1_000),
        "Most calls in flight in one process: 64 at first, more while the processors have time. A Lambda has 1,024 file descriptors"
    ),
    setting!(
        "ROLECALL_ACCOUNT_IN_FLIGHT",
        None,
        Value("64"),
        Both,
        account_in_flight = |text| whole(text, 1, 1_000),
        "Calls in flight in one account. An account starts at 8; each answer adds one, each timeout halves the limit"
    ),
    setting!(
        "ROLECALL_REGION_IN_FLIGHT",
        None,
        Value("8"),
        Both,
        region_in_flight = |text| whole(text, 1, 100),
        "Calls in flight at one service in one region of an account"
    ),
    setting!(
        "ROLECALL_ACCOUNTS_AT_ONCE",
        None,
        Value("128"),
        Both,
        accounts_at_once = |text| whole(text, 1, 10_000),
        "Accounts that are open at the same time. Most of them wait for a rate limiter"
    ),
    setting!(
        "ROLECALL_EC2_RATE",
        None,
        Value("10"),
        Both,
        ec2_rate = rate,
        "EC2 calls per second in one account and region. AWS allows 20 per action, and 0.5 for DescribeByoipCidrs"
    ),
    setting!(
        "ROLECALL_EC2_BURST",
        None,
        Derived("five seconds of ROLECALL_EC2_RATE"),
        Both,
        ec2_burst = |text| burst(text).map(Some),
        "EC2 calls at once, before the rate applies. AWS allows 100 per action"
    ),
    setting!(
        "ROLECALL_ROUTE53_RATE",
        None,
        Value("5"),
        Both,
        route53_rate = rate,
        "Route 53 calls per second in one account. AWS allows 10 for all actions together"
    ),
    setting!(
        "ROLECALL_ROUTE53_BURST",
        None,
        Derived("two seconds of ROLECALL_ROUTE53_RATE"),
        Both,
        route53_burst = |text| burst(text).map(Some),
        "Route 53 calls at once, before the rate applies. AWS allows 50 for all actions together"
    ),
    setting!(
        "ROLECALL_RESOLVER_RATE",
        None,
        Value("2.5"),
        Both,
        resolver_rate = rate,
        "Route 53 Resolver calls per second in one account and region, and as many each to Route 53 Profiles and Domains. \
         AWS allows the Resolver 5"
    ),
    setting!(
        "ROLECALL_NAMES_RATE",
        None,
        Value("5"),
        Both,
        names_rate = rate,
        "calls per second to each service that holds names (load balancers, CloudFront, API Gateway, S3 and the like) in one \
         account and region. AWS allows Elastic Load Balancing and API Gateway 10"
    ),
    setting!(
        "ROLECALL_STS_RATE",
        None,
        Value("300"),
        Both,
        sts_rate = rate,
        "AssumeRole calls per second. AWS allows 600 in one account and region"
    ),
    setting!(
        "ROLECALL_STS_PATIENCE",
        None,
        Value("2m"),
        Both,
        sts_patience = duration,
        "Time during which a throttled AssumeRole call is retried"
    ),
    setting!(
        "ROLECALL_ATTEMPTS",
        None,
        Value("5"),
        Both,
        attempts = |text| whole(text, 1, 20),
        "Attempts at one call, the first one included"
    ),
    setting!(
        "ROLECALL_BACKOFF",
        None,
        Value("1s"),
        Both,
        backoff = duration,
        "Upper bound of the random wait before the second attempt. It doubles with each further attempt"
    ),
    setting!(
        "ROLECALL_BACKOFF_LIMIT",
        None,
        Value("20s"),
        Both,
        backoff_limit = duration,
        "Upper bound of the wait between two attempts"
    ),
    setting!(
        "ROLECALL_CONNECT_TIMEOUT",
        None,
        Value("3100ms"),
        Both,
        connect_timeout = duration,
        "Timeout of opening a connection"
    ),
    setting!(
        "ROLECALL_CALL_TIMEOUT",
        flag("call-timeout", "DURATION"),
        Value("30s"),
        Both,
        call_timeout = duration,
        "Timeout of one attempt at a call, its answer included"
    ),
    setting!(
        "ROLECALL_OPERATION_TIMEOUT",
        None,
        Value("90s"),
        Both,
        operation_timeout = duration,
        "Timeout of all attempts at a call together, without the waits between them. A region, a service or an account that answers nothing for as long is given up"
    ),
    setting!(
        "ROLECALL_ACCOUNT_BUDGET",
        flag("account-budget", "DURATION"),
        Value("5m"),
        Both,
        account_budget = duration,
        "Time budget of one account. Only waiting for AWS counts"
    ),
    setting!(
        "ROLECALL_BODY_MEMORY",
        None,
        Derived("a quarter of the memory of the function or process; 256MiB if it has no limit"),
        Both,
        body_memory = byte_size,
        "Memory for answers that are being read, and for their rows until they are written"
    ),
    setting!(
        "ROLECALL_DEADLINE",
        flag("deadline", "DURATION"),
        Derived("in Lambda, the invocation's"),
        Both,
        deadline = |text| duration(text).map(Some),
        "Time for the whole run"
    ),
    setting!(
        "ROLECALL_MARGIN",
        flag("margin", "DURATION"),
        Derived("measured, at least 10s"),
        Both,
        margin = |text| duration(text).map(Some),
        "Time at the end of the deadline that is kept for writing: at most half of the deadline"
    ),
    setting!(
        "ROLECALL_LEASE",
        None,
        Value("60s"),
        Both,
        lease = lease,
        "How long an execution of a run keeps others from calling the same customers, unless it renews its lease: 5s to 15m; \
         off for no leases"
    ),
    setting!(
        "ROLECALL_CONTINUE_QUEUE",
        None,
        Derived("in a deployed function, its own queue"),
        Both,
        continue_queue = |text| queue_url(text).map(Some),
        "URL of the SQS queue that gets a request for the rest of a run"
    ),
    setting!(
        "ROLECALL_CONTINUATIONS",
        None,
        Value("10"),
        Both,
        continuations = |text| whole(text, 0, 1_000),
        "How many times a run is continued"
    ),
    setting!(
        "ROLECALL_EVENT_BUS",
        None,
        Unset,
        Both,
        raw event_bus,
        "Name or ARN of the EventBridge bus that gets an event for each committed run"
    ),
    setting!(
        "ROLECALL_TRUST_INTERVAL",
        flag("trust-interval", "DURATION"),
        Value("24h"),
        Both,
        trust_interval = interval,
        "How often runs try each customer's role without its external ID, which it has to refuse: once in each interval, \
         which begins at a multiple of it (24h: at midnight UTC). 1s to 168h; off for never"
    ),
    setting!(
        "ROLECALL_DISABLE_OPEN_ROLES",
        flag("disable-open-roles", "yes|no"),
        Value("no"),
        Both,
        disable_open_roles = boolean,
        "Whether a run disables the targets whose roles let the backend in without the external ID, once it is committed"
    ),
    setting!(
        "ROLECALL_CHANGES",
        switch("changes", "yes|no", "yes"),
        Value("no"),
        Both,
        changes = boolean,
        "Whether a run records what it changed, once it is committed: the table `changes`, and an event for each account \
         if ROLECALL_EVENT_BUS is set"
    ),
    setting!(
        "ROLECALL_REPORT",
        switch("report", "yes|no|customers", "yes"),
        Value("no"),
        Both,
        report = report_pages,
        "Whether a run that narrows nothing writes the report page, once it is committed: runs/RUN_ID/report.html and \
         latest.html. `customers` writes a page for each customer of the registry, and an index; `yes` does too for more than \
         200,000 rows"
    ),
    setting!(
        "ROLECALL_STATE_MACHINE",
        flag("state-machine", "ARN"),
        Derived("rolecall-fleet of the own account"),
        CommandLine,
        raw state_machine,
        "The state machine that --fleet starts"
    ),
    setting!(
        "ROLECALL_LOG",
        None,
        Derived("info; of the command line, warn"),
        Both,
        log = |text| log_level(text).map(Some),
        "Level of rolecall's own log: error, warn, info, debug or trace. Without it, -v means debug and -vv trace"
    ),
];
