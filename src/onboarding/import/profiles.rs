//! Imports profiles of the AWS CLI (`~/.aws/config`): each profile with a `role_arn` is an account that is entered already.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_runtime::env_config::section::{EnvConfigSections, Profile};
use aws_runtime::env_config::source;
use aws_types::os_shim_internal::{Env, Fs};

use super::ImportCandidates;
use crate::customers::{ExternalIdSource, NewTarget, external_id};
use crate::domain::{AccountId, RoleArn};
use crate::input::ValidationErrors;

/// Reads the profiles of a file, or those of roles with this name (and path). A profile whose source is `backend_role` needs no
/// `via`.
pub(crate) async fn profiles(
    path: &Path,
    backend_role: Option<&RoleArn>,
    no_external_id: bool,
    role_name: Option<&str>,
) -> Result<ImportCandidates, ValidationErrors> {
    let wrong = |what: String| ValidationErrors::one(path.display().to_string(), what);
    let text = std::fs::read_to_string(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    // The SDK's own parser, so that a profile means the same here.
    let files = EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Config, text).build();
    let source = source::load(&Env::from_slice(&[]), &Fs::from_slice(&[]), &files).await;
    let source = source.map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let sections =
        EnvConfigSections::parse(source).map_err(|error| wrong(format!("is not a file of profiles: {error}")))?;
    let mut names: Vec<&str> = sections.profiles().collect();
    names.sort_unstable();
    let mut found = ImportCandidates::default();
    let mut targets = Vec::new();
    for profile in names.into_iter().filter_map(|name| sections.get_profile(name)) {
        match target(profile, &sections, backend_role, no_external_id) {
            Ok(Some((role, target))) if role_name.is_none_or(|name| role.path_and_name == name) => {
                targets.push((profile, target));
            }
            Ok(_) => {}
            Err(why) => found.leave_out(format!("profile {}", profile.name()), why),
        }
    }
    // One of them may be an administrator's. Which one is meant, only the user knows.
    let mut roles: HashMap<AccountId, HashSet<Option<String>>> = HashMap::new();
    for (_, target) in &targets {
        roles.entry(target.account_id.clone()).or_default().insert(target.role_arn.clone());
    }
    for (profile, target) in targets {
        if roles[&target.account_id].len() == 1 {
            found.take(target);
            continue;
        }
        let why = format!("the file has several roles in {}: --role-name NAME chooses one", target.account_id);
        found.leave_out(format!("profile {}", profile.name()), why);
    }
    Ok(found)
}

fn target(
    profile: &Profile,
    sections: &EnvConfigSections,
    backend_role: Option<&RoleArn>,
    no_external_id: bool,
) -> Result<Option<(RoleArn, NewTarget)>, String> {
    let Some(role) = profile.get("role_arn") else { return Ok(None) };
    let role: RoleArn = role.trim().parse().map_err(|error| format!("{error}"))?;
    if backend_role == Some(&role) {
        return Ok(None);
    }
    let given = match profile.get("external_id") {
        Some(id) => {
            ExternalIdSource::Given(external_id(id.trim()).map_err(|error| format!("its external_id {error}"))?)
        }
        None if no_external_id => ExternalIdSource::None,
        None => {
            return Err(
                "it has no external_id: --no-external-id imports it without one, which is only right for accounts of \
                        your own organization"
                    .into(),
            );
        }
    };
    let from = profile.get("source_profile").and_then(|name| sections.get_profile(name.trim()));
    let is_ours = |arn: &str| backend_role.is_some_and(|role| role.to_string() == arn);
    let via = from.and_then(|from| from.get("role_arn")).map(str::trim).filter(|via| !is_ours(via)).map(str::to_owned);
    if let (Some(_), Some(from)) = (&via, from) {
        let behind = from.get("source_profile").and_then(|name| sections.get_profile(name.trim()));
        let further = behind.and_then(|behind| behind.get("role_arn")).is_some_and(|arn| !is_ours(arn.trim()));
        if further || from.get("external_id").is_some() {
            return Err("only one intermediate role is supported, and it is assumed without an external ID".into());
        }
    }
    let target = NewTarget {
        role_arn: Some(role.to_string()),
        external_id: given,
        via,
        name: Some(profile.name().to_owned()),
        ..NewTarget::new(role.account_id.clone())
    };
    Ok(Some((role, target)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn profiles_with_roles_become_targets() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        let text = "[default]\nregion = eu-central-1\n\
            [profile backend]\nrole_arn = arn:aws:iam::999999999999:role/rolecall-backend\nsource_profile = default\n\
            [profile acme]\nrole_arn = arn:aws:iam::111122223333:role/rolecall-inventory\nexternal_id = abcd\nsource_profile = backend\n\
            [profile hub]\nrole_arn = arn:aws:iam::888888888888:role/hub\nsource_profile = backend\n\
            [profile behind]\nrole_arn = arn:aws:iam::444455556666:role/x\nsource_profile = hub\nexternal_id = efgh\n\
            [profile hub2]\nrole_arn = arn:aws:iam::888888888889:role/hub\nsource_profile = backend\nexternal_id = hubhub\n\
            [profile behind2]\nrole_arn = arn:aws:iam::444455556667:role/x\nsource_profile = hub2\nexternal_id = efgh\n\
            [profile open]\nrole_arn = arn:aws:iam::777777777777:role/x\nsource_profile = default\n\
            [profile broken]\nrole_arn = nonsense\n";
        std::fs::write(&path, text).unwrap();
        let backend: RoleArn = "arn:aws:iam::999999999999:role/rolecall-backend".parse().unwrap();
        let found = profiles(&path, Some(&backend), false, None).await.unwrap();
        let targets: Vec<_> = found
            .targets
            .iter()
            .map(|one| (one.account_id.as_str(), one.name.as_deref(), one.via.as_deref()))
            .collect();
        assert_eq!(
            targets,
            [
                ("111122223333", Some("acme"), None),
                ("444455556666", Some("behind"), Some("arn:aws:iam::888888888888:role/hub")),
                ("888888888889", Some("hub2"), None),
            ]
        );
        let left: Vec<&str> = found.left_out.iter().map(|(what, _)| what.as_str()).collect();
        assert_eq!(left, ["profile behind2", "profile broken", "profile hub", "profile open"]);
        assert_eq!(profiles(&path, Some(&backend), true, None).await.unwrap().targets.len(), 5);
        assert_eq!(profiles(&path, Some(&backend), true, Some("hub")).await.unwrap().targets.len(), 2);
        assert!(profiles(&folder.path().join("nothing"), None, false, None).await.is_err());
    }
}
