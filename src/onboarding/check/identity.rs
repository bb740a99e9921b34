//! Who checks: `backend_role`, since customers trust it and nobody else. Whoever runs as somebody else is refused before
//! any customer is called.

use crate::aws::{Backend, Identity};
use crate::customers::Registry;
use crate::customers::backend_role;
use crate::customers::{Published, RegistryStore};
use crate::domain::{AccountId, Arn, RoleArn};
use crate::error::{Error, ErrorKind};
use crate::onboarding::iam_policy::read::{EXTERNAL_ID, policies_of};
use crate::settings::Settings;

/// The name that the template gives `backend_role`.
const DEFAULT_BACKEND_ROLE: &str = "rolecall-backend";

/// Who checks, and for which registry.
#[derive(Debug)]
pub(crate) struct Checker {
    /// `backend_role`'s backend.
    pub acting: Backend,
    /// Who that is.
    pub identity: Identity,
    /// The role that customers trust.
    pub role: RoleArn,
    /// The person's own identity, where it is another: nobody should let it in.
    pub outsider: Option<(Backend, Identity)>,
    /// Whether `backend_role`'s own policies ask for external IDs: then they may refuse what the customer's role would not.
    /// None where they may not be read.
    pub asks_for_external_ids: Option<bool>,
    /// Edits the registry, with the person's own credentials.
    pub registry_store: RegistryStore,
    /// The registry.
    pub registry: Registry,
}

impl Checker {
    /// Finds out who this runs as, takes `backend_role` on where the settings name it, and reads the registry.
    pub(crate) async fn start(settings: &Settings) -> Result<Self, Error> {
        let own = Backend::load(settings).await;
        let own_identity = own.identify().await?;
        let given = settings.backend_role.as_deref().map(str::parse::<RoleArn>).transpose();
        let given =
            given.map_err(|error| Error::new(ErrorKind::InvalidSettings, format!("ROLECALL_BACKEND_ROLE: {error}")))?;
        let mut acting = (own.clone(), own_identity.clone());
        let mut outsider = None;
        if let Some(role) = given.as_ref().filter(|role| !is(&own_identity, role)) {
            let provider = backend_role(&own, &role.to_string());
            let backend = own.clone().with_credentials(provider);
            let identity = backend.identify().await?;
            outsider = Some(std::mem::replace(&mut acting, (backend, identity)));
        }
        let (acting, identity) = acting;
        let reader = RegistryStore::open(settings, &acting.config, acting.partition.name)?;
        let published = reader.published().await?;
        let role = trusted(&identity, given, published.as_ref())?;
        let registry = reader.read().await?;
        let registry_store = RegistryStore::open(settings, &own.config, own.partition.name)?;
        let asks_for_external_ids = own_policies_ask(&own.config, &role).await;
        Ok(Self { acting, identity, role, outsider, asks_for_external_ids, registry_store, registry })
    }
}

/// As far as the person at the terminal may read them; the template's ask for none.
async fn own_policies_ask(config: &aws_config::SdkConfig, role: &RoleArn) -> Option<bool> {
    let documents = policies_of(config, role.name()).await.ok()?;
    let read = documents.iter().all(|(_, document)| document.is_some());
    let statements = documents.iter().flat_map(|(_, document)| document).flat_map(|document| &document.statements);
    let asks =
        statements.into_iter().any(|statement| statement.covers("sts:AssumeRole") && statement.looks_at(EXTERNAL_ID));
    (asks || read).then_some(asks)
}

/// The role that customers trust: the one that was published to them, else the one that is given, else the template's
/// default. Whoever is not that role is refused.
fn trusted(identity: &Identity, given: Option<RoleArn>, published: Option<&Published>) -> Result<RoleArn, Error> {
    let published = published.and_then(|published| published.backend_role_arn.parse::<RoleArn>().ok());
    let by_default = || {
        let partition = identity.arn.parse::<Arn>().map_or_else(|_| "aws".to_owned(), |arn| arn.partition);
        identity.account_id.parse::<AccountId>().map(|id| RoleArn::new(&partition, &id, DEFAULT_BACKEND_ROLE))
    };
    let role = match (published, given) {
        (Some(role), _) | (None, Some(role)) => role,
        (None, None) => by_default().map_err(|error| wrong(identity, &error.to_string()))?,
    };
    if is(identity, &role) {
        return Ok(role);
    }
    Err(wrong(identity, &format!("customers trust {role}: give --backend-role {role}")))
}

fn wrong(identity: &Identity, what: &str) -> Error {
    Error::new(ErrorKind::WrongIdentity, format!("this runs as {}, and {what}", identity.arn))
}

/// Whether this identity is a session of that role: `arn:aws:sts::<account>:assumed-role/<name>/<session>`.
fn is(identity: &Identity, role: &RoleArn) -> bool {
    let Ok(arn) = identity.arn.parse::<Arn>() else { return false };
    arn.partition == role.partition
        && arn.service == "sts"
        && arn.region.is_empty()
        && arn.account_id.as_ref() == Some(&role.account_id)
        && arn.resource.starts_with(&format!("assumed-role/{}/", role.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_role_that_customers_trust_may_check() {
        let identity =
            |resource: &str| Identity { account_id: "999999999999".into(), arn: format!("arn:aws:{resource}") };
        let backend = identity("sts::999999999999:assumed-role/rolecall-backend/me");
        let role = "arn:aws:iam::999999999999:role/rolecall-backend";
        assert_eq!(trusted(&backend, None, None).unwrap().to_string(), role);
        let with_path: RoleArn = "arn:aws:iam::999999999999:role/team/rolecall-backend".parse().unwrap();
        assert_eq!(trusted(&backend, Some(with_path.clone()), None).unwrap(), with_path);
        let published = Published {
            backend_role_arn: "arn:aws:iam::999999999999:role/other".into(),
            template_url: String::new(),
            template_sha256: String::new(),
        };
        for (identity, published) in [
            (identity("iam::999999999999:user/me"), None),
            (identity("iam::999999999999:root"), None),
            (identity("sts::999999999999:assumed-role/rolecall-backend-2/me"), None),
            (backend.clone(), Some(&published)),
        ] {
            assert_eq!(trusted(&identity, None, published).unwrap_err().kind, ErrorKind::WrongIdentity);
        }
        let refused = trusted(&backend, None, Some(&published)).unwrap_err();
        insta::assert_snapshot!(refused, @"this runs as arn:aws:sts::999999999999:assumed-role/rolecall-backend/me, and customers trust arn:aws:iam::999999999999:role/other: give --backend-role arn:aws:iam::999999999999:role/other");
    }
}
