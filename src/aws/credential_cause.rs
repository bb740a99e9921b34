//! Finds out why there are no credentials, and says what to do about it.
//!
//! The SDK's errors of these sources have no types of their own, so their texts and the profile are looked at.
//!
//! **Invariant:** the texts decide on a sentence, never on what the program does next.

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::error::SdkError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;

use super::environment::{Environment, Profile};
use super::error::{AwsError, AwsErrorKind, chain, cut, is_transient};
use crate::input::quoted;

/// Profiles that are named in the message about a missing one.
const NAMED: usize = 10;

/// The error if a profile was chosen that does not exist. Without it, the SDK would use another identity.
pub(super) fn missing_profile(environment: &Environment) -> Option<AwsError> {
    let profile = &environment.profile;
    if environment.has_access_key {
        return None;
    }
    if let Some(broken) = profile.broken.as_ref().filter(|_| profile.is_chosen()) {
        return Some(no_credentials(broken_files(broken)));
    }
    let missing = profile.missing()?;
    let names = profile.names();
    let known = match names.len() {
        0 => "there are no profiles".to_owned(),
        1..=NAMED => format!("the profiles are {}", names.join(", ")),
        count => format!("there are {count} others, such as {}", names[..NAMED].join(", ")),
    };
    Some(no_credentials(format!(
        "the profile {} does not exist in the AWS CLI's files: correct AWS_PROFILE, or make the profile by `aws configure`; {}",
        quoted(missing),
        cut(&known)
    )))
}

/// The error for a chain of sources that provided nothing.
pub(super) fn cause_of(error: &CredentialsError, environment: &Environment) -> AwsError {
    if let Some(cause) = typed(error) {
        return of_sts(cause, &environment.profile);
    }
    let mut text = String::new();
    for source in chain(error) {
        text.push_str(&source.to_string());
        text.push_str(": ");
    }
    let text = text.trim_end_matches(": ");
    if matches!(error, CredentialsError::CredentialsNotLoaded(_)) {
        return no_credentials(nothing_found(environment));
    }
    let profile = &environment.profile;
    let sentence = of_sso(text, profile)
        .or_else(|| of_login(text, profile))
        .or_else(|| of_process(text, profile))
        .or_else(|| of_web_identity(text, environment))
        .or_else(|| of_profile(text, profile))
        .or_else(|| of_machine(text));
    sentence
        .map_or_else(|| no_credentials(format!("the own credentials cannot be read: {}", cut(text))), no_credentials)
}

/// Which call failed, and how.
enum Failed {
    Network(AwsError),
    AssumeRole(AwsError),
    WebIdentity(AwsError),
    Known(AwsError),
}

fn typed(error: &CredentialsError) -> Option<Failed> {
    chain(error).find_map(|source| {
        if let Some(known) = source.downcast_ref::<AwsError>() {
            return Some(Failed::Known(known.clone()));
        }
        if let Some(sdk) = source.downcast_ref::<SdkError<AssumeRoleError, HttpResponse>>() {
            return Some(Failed::AssumeRole(AwsError::of_sdk(sdk, "")));
        }
        if let Some(sdk) = source.downcast_ref::<SdkError<AssumeRoleWithWebIdentityError, HttpResponse>>() {
            return Some(Failed::WebIdentity(AwsError::of_sdk(sdk, "")));
        }
        let connector = source.downcast_ref::<ConnectorError>()?;
        let kind = match connector {
            error if error.is_timeout() => AwsErrorKind::OutOfTime,
            error if is_transient(Some(error)) => AwsErrorKind::Unreachable,
            _ => return None,
        };
        let deepest = chain(connector).last().map_or_else(String::new, ToString::to_string);
        let what = format!("the source of the own credentials cannot be reached: {}", cut(&deepest));
        Some(Failed::Network(AwsError::new(kind, what)))
    })
}

/// The error of a call to STS that a profile or a token file stands for.
fn of_sts(failed: Failed, profile: &Profile) -> AwsError {
    let (error, sentence) = match failed {
        Failed::Network(error) | Failed::Known(error) => return error,
        Failed::AssumeRole(error) => {
            let mfa = profile.find("mfa_serial");
            let role = profile.find("role_arn").map_or("its role", |(_, role)| role);
            let sentence = match (mfa, error.kind) {
                (Some((name, _)), AwsErrorKind::Denied) => format!(
                    "the profile {} needs a code of an MFA device (mfa_serial), which rolecall cannot ask for: run {} and \
                     take the credentials that it prints",
                    quoted(name),
                    export(profile.name(), "env")
                ),
                _ => format!(
                    "the profile {} cannot assume {role}: look at the role's trust policy and at source_profile",
                    quoted(profile.name())
                ),
            };
            (error, sentence)
        }
        Failed::WebIdentity(error) => {
            let sentence = match error.kind {
                AwsErrorKind::Expired => EXPIRED_TOKEN.to_owned(),
                _ => {
                    "STS refuses the web identity token: look at the token file and at the trust policy of AWS_ROLE_ARN"
                        .to_owned()
                }
            };
            (error, sentence)
        }
    };
    // AWS's own failures say nothing about the credentials.
    let is_ours = matches!(error.kind, AwsErrorKind::Denied | AwsErrorKind::ScpDenied | AwsErrorKind::Expired)
        || matches!(error.kind, AwsErrorKind::Other | AwsErrorKind::CredentialsRejected)
            && error.code.is_some()
            && !error.is_server_error();
    if is_ours { no_credentials(format!("{sentence} ({error})")) } else { error }
}

const EXPIRED_TOKEN: &str = "the web identity token has expired: let the platform that writes the token file renew it \
                             (AWS_WEB_IDENTITY_TOKEN_FILE, or web_identity_token_file of the profile)";

fn nothing_found(environment: &Environment) -> String {
    let profile = &environment.profile;
    if let Some(broken) = &profile.broken {
        return broken_files(broken);
    }
    let chosen = if profile.is_chosen() {
        format!(
            "the profile {} has no credentials: run `aws configure` or `aws sso login` for it, or ",
            quoted(profile.name())
        )
    } else {
        "set a profile (AWS_PROFILE), sign in (aws sso login) or ".to_owned()
    };
    format!("no AWS credentials to work with: {chosen}give AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
}

fn broken_files(broken: &str) -> String {
    format!(
        "the profiles cannot be read: {}: correct the file (AWS_CONFIG_FILE, ~/.aws/config, ~/.aws/credentials)",
        cut(broken)
    )
}

fn of_sso(text: &str, profile: &Profile) -> Option<String> {
    let (name, _) = profile.find("sso_session").or_else(|| profile.find("sso_start_url"))?;
    let login = format!("run `aws sso login --profile {}`", bare(name));
    let has = |needles: &[&str]| needles.iter().any(|needle| text.contains(needle));
    if has(&["ForbiddenException", "ResourceNotFoundException"]) {
        let value = |key: &str| profile.find(key).map_or("unknown", |(_, value)| value).to_owned();
        return Some(format!(
            "IAM Identity Center does not let you use the role {} in account {} (profile {}): correct sso_role_name and \
             sso_account_id, or ask its administrator for the permission set",
            quoted(&value("sso_role_name")),
            quoted(&value("sso_account_id")),
            quoted(name)
        ));
    }
    if has(&["TooManyRequestsException"]) {
        return Some("IAM Identity Center limits the rate of sign-ins: try again in a minute".into());
    }
    let expired = [
        "SSO token has expired",
        "cached SSO token",
        "UnauthorizedException",
        "/sso/cache/",
        "InvalidGrant",
        "expired",
    ];
    has(&expired).then(|| {
        format!("the SSO session of the profile {} has expired, or nobody has signed in yet: {login}", quoted(name))
    })
}

fn of_process(text: &str, profile: &Profile) -> Option<String> {
    let (name, _) = profile.find("credential_process")?;
    let name = quoted(name);
    if text.contains("exit status: 127") || text.contains("exit status: 126") {
        return Some(format!(
            "the program in credential_process of the profile {name} does not exist or cannot be run: correct its path"
        ));
    }
    if let Some((_, rest)) = text.split_once("external process exited with code ") {
        let (code, complaint) = rest.split_once(". Stderr: ").unwrap_or((rest, ""));
        let complaint = match complaint.lines().find(|line| !line.trim().is_empty()) {
            Some(line) => format!(" and says: {}", without_secrets(line)),
            None => String::new(),
        };
        return Some(format!(
            "credential_process of the profile {name} fails ({}){complaint}: run the program by hand until it prints credentials",
            cut(code)
        ));
    }
    text.contains("external process").then(|| {
        format!("credential_process of the profile {name} printed no credentials: it must print JSON with Version 1, AccessKeyId and SecretAccessKey")
    })
}

fn of_web_identity(text: &str, environment: &Environment) -> Option<String> {
    let from_profile = environment.profile.find("web_identity_token_file").is_some();
    let (is_missing, is_no_text) = (text.contains("No such file"), text.contains("WebIdentityToken was not valid"));
    if is_missing || is_no_text || (from_profile && text.contains("os error")) {
        let place = if from_profile { "web_identity_token_file of the profile" } else { "AWS_WEB_IDENTITY_TOKEN_FILE" };
        return Some(format!("the web identity token cannot be read: {}: correct {place}", cut(text)));
    }
    text.contains("ExpiredToken").then(|| EXPIRED_TOKEN.to_owned())
}

/// The function is built without `aws login`, since no person signs in there.
fn of_login(text: &str, profile: &Profile) -> Option<String> {
    let (name, _) = profile.find("login_session")?;
    if text.contains("credentials-login") {
        return Some(format!(
            "the profile {} was made by `aws login`, which only works on the command line: give the function a role",
            quoted(name)
        ));
    }
    Some(format!(
        "the sign-in of the profile {} has expired, or nobody has signed in yet: run `aws login --profile {}` ({})",
        quoted(name),
        bare(name),
        cut(text.rsplit("LoginTokenError: ").next().unwrap_or(text))
    ))
}

fn of_profile(text: &str, profile: &Profile) -> Option<String> {
    let name = profile.name();
    if text.contains("invalid profile") {
        return Some(broken_files(profile.broken.as_deref().unwrap_or(text)));
    }
    let (_, what) = text.split_once("ProfileFile provider could not be built: ")?;
    let what = what.split(": ProfileFile").next().unwrap_or(what);
    Some(format!("the profile {} cannot be used: {}: correct it in the AWS CLI's files", quoted(name), cut(what)))
}

fn of_machine(text: &str) -> Option<String> {
    let detail = cut(text.rsplit_once("credentials: ").map_or(text, |(_, detail)| detail));
    if text.contains("ECS provider")
        || text.contains("HTTP credential provider")
        || text.contains("auth token could not")
    {
        return Some(format!(
            "the container's source of credentials gives none: {detail}: correct AWS_CONTAINER_CREDENTIALS_FULL_URI, \
             AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_AUTHORIZATION_TOKEN, or unset them"
        ));
    }
    text.contains("IMDS").then(|| {
        format!(
            "the metadata service of this machine gives no credentials: {detail}: give the machine a role, or set a \
             profile (AWS_PROFILE) or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    })
}

/// The command of the AWS CLI that prints the credentials of a profile.
fn export(profile: &str, format: &str) -> String {
    format!("`aws configure export-credentials --profile {} --format {format}`", bare(profile))
}

/// A profile's name for a command line.
fn bare(name: &str) -> String {
    let name = cut(name);
    if name.chars().all(|c| c.is_alphanumeric() || "-_.@+".contains(c)) {
        name
    } else {
        format!("'{}'", name.replace('\'', ""))
    }
}

/// What a program says, without words that look like a key or a token.
fn without_secrets(line: &str) -> String {
    let is_secret = |word: &str| {
        word.len() >= 16
            && word.bytes().any(|byte| byte.is_ascii_digit())
            && word.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    let words = line.split_whitespace().map(|word| if is_secret(word) { "(left out)" } else { word });
    cut(&words.collect::<Vec<_>>().join(" "))
}

fn no_credentials(message: String) -> AwsError {
    AwsError::new(AwsErrorKind::NoCredentials, message)
}
