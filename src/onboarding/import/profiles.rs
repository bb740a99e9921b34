//! Profiles of the AWS CLI (`~/.aws/config`): each with a `role_arn` is an account that somebody enters already.

use std::path::Path;

use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_runtime::env_config::section::{EnvConfigSections, Profile};
use aws_runtime::env_config::source;
use aws_types::os_shim_internal::{Env, Fs};

use super::ImportCandidates;
use crate::customers::{ExternalIdSource, NewTarget, external_id};
use crate::domain::RoleArn;
use crate::input::ValidationErrors;

/// The profiles of a file. `backend_role` is ours: profiles that pass through it need no other way.
pub(crate) async fn profiles(
    path: &Path,
    backend_role: Option<&RoleArn>,
    no_external_id: bool,
) -> Result<ImportCandidates, ValidationErrors> {
    let wrong = |what: String| ValidationErrors::one(path.display().to_string(), what);
    let text = std::fs::read_to_string(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    // The SDK's own reader, so that a profile means here what it means to it.
    let files = EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Config, text).build();
    let source = source::load(&Env::from_slice(&[]), &Fs::from_slice(&[]), &files).await;
    let source = source.map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let sections =
        EnvConfigSections::parse(source).map_err(|error| wrong(format!("is no file of profiles: {error}")))?;
    let mut names: Vec<&str> = sections.profiles().collect();
    names.sort_unstable();
    let mut found = ImportCandidates::default();
    for profile in names.into_iter().filter_map(|name| sections.get_profile(name)) {
        match target(profile, &sections, backend_role, no_external_id) {
            Ok(Some(target)) => found.take(target),
            Ok(None) => {}
            Err(why) => found.leave_out(format!("profile {}", profile.name()), why),
        }
    }
    Ok(found)
}

fn target(
    profile: &Profile,
    sections: &EnvConfigSections,
    backend_role: Option<&RoleArn>,
    no_external_id: bool,
) -> Result<Option<NewTarget>, String> {
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
                "it has no external_id: --no-external-id takes it without, which is right for accounts of your own \
                        organization alone"
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
            return Err("a role on the way is passed through without an external ID, and as the only one".into());
        }
    }
    Ok(Some(NewTarget {
        role_arn: Some(role.to_string()),
        external_id: given,
        via,
        name: Some(profile.name().to_owned()),
        ..NewTarget::new(role.account_id)
    }))
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
        let found = profiles(&path, Some(&backend), false).await.unwrap();
        let told: Vec<_> = found
            .targets
            .iter()
            .map(|one| (one.account_id.as_str(), one.name.as_deref(), one.via.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                ("111122223333", Some("acme"), None),
                ("444455556666", Some("behind"), Some("arn:aws:iam::888888888888:role/hub")),
                ("888888888889", Some("hub2"), None),
            ]
        );
        let left: Vec<&str> = found.left_out.iter().map(|(what, _)| what.as_str()).collect();
        assert_eq!(left, ["profile behind2", "profile broken", "profile hub", "profile open"]);
        assert_eq!(profiles(&path, Some(&backend), true).await.unwrap().targets.len(), 5);
        assert!(profiles(&folder.path().join("nothing"), None, false).await.is_err());
    }
}
