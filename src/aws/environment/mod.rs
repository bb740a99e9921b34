//! Reads the environment of the SDK before the SDK does: variables, and the selected profile.
//!
//! The SDK panics on some values, takes a default for others, and knows neither proxies nor CA bundles. Here each value is
//! read once. While one cannot be used, every call is refused with all problems; what makes no call works.
//!
//! **Invariant:** makes no client and no call.

mod profile;
mod reader;
mod endpoints;
mod proxies;
mod ca_bundle;

use std::ffi::OsString;

use crate::domain::{Partition, RoleArn, is_region_in_form, partition, partition_names, partition_of_region};
use crate::input::{ValidationErrors, quoted};
use crate::settings::Settings;

pub(super) use ca_bundle::{CaBundle, system_has_roots};
pub(super) use endpoints::Endpoints;
pub(super) use profile::Profile;
pub(super) use proxies::{Proxies, Proxy};
use reader::Reader;

/// What the environment and the selected profile say.
#[derive(Clone, Debug, Default)]
pub(super) struct Environment {
    /// The profile that variables and flags select.
    pub profile: Profile,
    /// The region, if one is set.
    pub region: Option<String>,
    /// Whether FIPS endpoints are called.
    pub use_fips: Option<bool>,
    /// Whether dual-stack endpoints are called.
    pub use_dual_stack: Option<bool>,
    /// The endpoints that replace those of AWS.
    pub endpoints: Endpoints,
    /// The proxies between here and AWS.
    pub proxies: Proxies,
    /// The file of trusted certificates, if one is set.
    pub ca_bundle: Option<CaBundle>,
    /// Whether the variables hold an access key, which goes before the profile.
    pub has_access_key: bool,
    /// All values that cannot be used.
    pub problems: ValidationErrors,
}

impl Environment {
    /// Reads the environment by `get`. A `profile` goes before `AWS_PROFILE`.
    pub(super) async fn read(get: impl Fn(&str) -> Option<OsString>, profile: Option<&str>) -> Self {
        let mut problems = ValidationErrors::new();
        let profile = Profile::load(&get, profile, &mut problems).await;
        let mut reader = Reader { get: &get, profile: &profile, problems: &mut problems };
        let region = region(&mut reader);
        let use_fips = reader.flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
        let use_dual_stack = reader.flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
        let endpoints = Endpoints::read(&mut reader);
        let proxies = Proxies::read(&mut reader);
        let ca_bundle = reader.text("AWS_CA_BUNDLE", "ca_bundle").map(|(path, place)| CaBundle::new(&path, place));
        let has_access_key = access_key(&mut reader);
        web_identity(&mut reader);
        // The SDK sends it in a header.
        if reader.variable("AWS_EXECUTION_ENV").is_some_and(|text| text.contains(|c: char| c.is_control())) {
            reader.problems.push("AWS_EXECUTION_ENV", "it has a control character: set it again, or unset it");
        }
        Self { profile, region, use_fips, use_dual_stack, endpoints, proxies, ca_bundle, has_access_key, problems }
    }

    /// Returns the partition of the credentials as far as the environment names it: by the region, or by a role's ARN.
    pub(super) fn partition_hint(&self, settings: &Settings) -> Option<&'static Partition> {
        let of_role = |text: &str| partition(&text.trim().parse::<RoleArn>().ok()?.partition);
        if let Some(region) = &self.region {
            return partition_of_region(region);
        }
        let backend_role = settings.backend_role.as_deref().and_then(of_role);
        let sts_region = || settings.sts_region.as_deref().and_then(partition_of_region);
        backend_role.or_else(sts_region).or_else(|| self.profile.get("role_arn").and_then(of_role))
    }

    /// Adds a problem if the own region is in no known partition, or if the settings name another partition than its own.
    pub(super) fn check_partition(&mut self, region: &str, settings: &Settings) {
        let Some(home) = partition_of_region(region) else {
            self.problems.push("AWS_REGION", unknown_partition(region));
            return;
        };
        let mut wrong = |place: &str, what: String| {
            let own = format!("but the own region {region} (AWS_REGION) is in the partition {}", quoted(home.name));
            self.problems.push(place, format!("{what}, {own}: name regions and roles of one partition"));
        };
        if let Some(sts) = settings.sts_region.as_deref().filter(|sts| !home.has_regions_like(sts)) {
            wrong("ROLECALL_STS_REGION", format!("{} is in another partition or in none", quoted(sts)));
        }
        let role = settings.backend_role.as_deref().and_then(|role| role.parse::<RoleArn>().ok());
        if let Some(role) = role.filter(|role| role.partition != home.name) {
            wrong("ROLECALL_BACKEND_ROLE", format!("the role is in the partition {}", quoted(&role.partition)));
        }
    }
}

fn unknown_partition(region: &str) -> String {
    let known = partition_names().collect::<Vec<_>>().join(", ");
    format!("{} is in no partition that rolecall knows, which are {known}", quoted(region))
}

/// The region, in the SDK's order. A region of no known partition is a problem, since its endpoints are unknown.
fn region(reader: &mut Reader<'_>) -> Option<String> {
    let (region, place) = reader.text("AWS_REGION", "").or_else(|| reader.text("AWS_DEFAULT_REGION", "region"))?;
    if !is_region_in_form(&region) {
        let what = format!("{} is not the name of a region: write one as eu-west-1", quoted(&region));
        reader.problems.push(place, what);
        return None;
    }
    if partition_of_region(&region).is_none() {
        reader.problems.push(place, unknown_partition(&region));
        return None;
    }
    Some(region)
}

/// Checks the access key of the environment. The SDK would go on to another identity if a part of it is missing.
fn access_key(reader: &mut Reader<'_>) -> bool {
    let id = reader.variable("AWS_ACCESS_KEY_ID");
    let (alias, secret) = ("SECRET_ACCESS_KEY", reader.variable("AWS_SECRET_ACCESS_KEY"));
    let secret = secret.map(|text| ("AWS_SECRET_ACCESS_KEY", text)).or_else(|| Some((alias, reader.variable(alias)?)));
    let token = reader.variable("AWS_SESSION_TOKEN").map(|text| ("AWS_SESSION_TOKEN", text));
    let complete = match (&id, &secret) {
        (Some(_), None) => {
            reader.problems.push("AWS_SECRET_ACCESS_KEY", "it is missing, although AWS_ACCESS_KEY_ID is set: set both");
            false
        }
        (None, Some((name @ "AWS_SECRET_ACCESS_KEY", _))) => {
            reader.problems.push("AWS_ACCESS_KEY_ID", format!("it is missing, although {name} is set: set both"));
            false
        }
        (id, secret) => id.is_some() && secret.is_some(),
    };
    let id = id.map(|text| ("AWS_ACCESS_KEY_ID", text));
    for (name, text) in id.into_iter().chain(secret).chain(token) {
        if !is_credential(&text) {
            reader.problems.push(name, "it has a blank or a character that no credential has: set it again");
        }
    }
    complete
}

/// Checks that a token file has its role. The SDK would go on to another identity without it.
fn web_identity(reader: &mut Reader<'_>) {
    let file = reader.variable("AWS_WEB_IDENTITY_TOKEN_FILE");
    if file.is_some() && reader.variable("AWS_ROLE_ARN").is_none() {
        let what = "it is missing, although AWS_WEB_IDENTITY_TOKEN_FILE is set: set the ARN of the role to assume";
        reader.problems.push("AWS_ROLE_ARN", what);
    }
}

/// Whether a text can be part of a signed request: a header has no blanks and no control characters.
pub(super) fn is_credential(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests;
