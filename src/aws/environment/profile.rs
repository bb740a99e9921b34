//! The selected profile of the AWS CLI's files, as the SDK's own parser reads it.

use std::ffi::OsString;
use std::sync::Arc;

use aws_runtime::env_config::file::EnvConfigFiles;
use aws_runtime::env_config::property::PropertiesKey;
use aws_runtime::env_config::section::{EnvConfigSections, Profile as Section};
use aws_types::os_shim_internal::{Env, Fs};

use crate::input::{ValidationErrors, quoted};

/// The name of the profile that is used if none is selected.
const DEFAULT: &str = "default";

/// The selected profile, and the profiles that it refers to.
#[derive(Clone, Default)]
pub(in crate::aws) struct Profile {
    name: String,
    /// Whether it was chosen, so that going on without it would use another identity.
    is_chosen: bool,
    sections: Option<Arc<EnvConfigSections>>,
    /// Why the files cannot be read.
    pub broken: Option<String>,
}

impl std::fmt::Debug for Profile {
    /// The sections hold access keys.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Profile").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Profile {
    /// Loads the files. `chosen` goes before `AWS_PROFILE`.
    pub(super) async fn load(
        get: &dyn Fn(&str) -> Option<OsString>,
        chosen: Option<&str>,
        problems: &mut ValidationErrors,
    ) -> Self {
        let variable = match get("AWS_PROFILE").map(OsString::into_string) {
            Some(Ok(text)) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Some(Err(_)) => {
                problems.push("AWS_PROFILE", "it is not text in UTF-8: set it again, or unset it");
                None
            }
            None => None,
        };
        let chosen = chosen.map(str::to_owned).or(variable);
        let name = chosen.clone().unwrap_or_else(|| DEFAULT.to_owned());
        let files = EnvConfigFiles::default();
        let loaded = aws_config::profile::load(&Fs::real(), &Env::real(), &files, Some(name.clone().into())).await;
        let (sections, broken) = match loaded {
            Ok(sections) => (Some(Arc::new(sections)), None),
            Err(error) => {
                let detail = std::error::Error::source(&error).map_or_else(String::new, |source| format!(": {source}"));
                (None, Some(format!("{error}{detail}")))
            }
        };
        Self { name, is_chosen: chosen.is_some(), sections, broken }
    }

    /// The name of the selected profile.
    pub(in crate::aws) fn name(&self) -> &str {
        if self.name.is_empty() { DEFAULT } else { &self.name }
    }

    /// A key of the profile that is not blank.
    pub(in crate::aws) fn get(&self, key: &str) -> Option<&str> {
        let value = self.section(self.name())?.get(key)?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// Where a key of the profile stands, for messages.
    pub(super) fn place(&self, key: &str) -> String {
        format!("{key} of the profile {}", quoted(self.name()))
    }

    /// A key of a service in the `services` section that the profile names.
    pub(super) fn service(&self, service: &str, key: &str) -> Option<&str> {
        let name = self.get("services")?;
        let path = PropertiesKey::builder().section_key("services").section_name(name);
        let path = path.property_name(service).sub_property_name(key).build().ok()?;
        let value = self.sections.as_ref()?.other_sections().get(&path)?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// The name of the profile if it was chosen and does not exist.
    pub(in crate::aws) fn missing(&self) -> Option<&str> {
        let absent = self.sections.as_ref().is_some_and(|sections| sections.get_profile(&self.name).is_none());
        (self.is_chosen && absent).then_some(&*self.name)
    }

    /// Whether the profile was chosen by a variable or a flag.
    pub(in crate::aws) fn is_chosen(&self) -> bool {
        self.is_chosen
    }

    /// The names of all profiles, sorted.
    pub(in crate::aws) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.sections.iter().flat_map(|sections| sections.profiles()).collect();
        names.sort_unstable();
        names
    }

    /// A key of the profile, or of the first of its source profiles that has it, with the name of that profile.
    pub(in crate::aws) fn find(&self, key: &str) -> Option<(&str, &str)> {
        let mut name = self.name();
        let mut seen = Vec::new();
        loop {
            let section = self.section(name)?;
            if let Some(value) = section.get(key).map(str::trim).filter(|value| !value.is_empty()) {
                return Some((section.name(), value));
            }
            seen.push(name);
            name = section.get("source_profile").filter(|source| !seen.contains(source))?;
        }
    }

    fn section(&self, name: &str) -> Option<&Section> {
        self.sections.as_ref()?.get_profile(name)
    }
}
