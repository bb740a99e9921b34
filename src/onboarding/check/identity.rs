//! The identity that checks: `backend_role`, the only one that customers trust. Any other identity is refused before a
//! customer is called, unless the caller says that customers trust it itself.

use super::organizations::{self, CheckedOrganization};
use crate::aws::{Backend, Identity};
use crate::customers::{Published, Registry, RegistryStore, Target, backend_role};
use crate::domain::{AccountId, Arn, RoleArn};
use crate::error::{Error, ErrorKind};
use crate::onboarding::iam_policy::role_reader::{RolePolicies, RoleReader};
use crate::onboarding::iam_policy::user_reader::UserReader;
use crate::onboarding::iam_policy::{BackendPrincipal, EXTERNAL_ID, PolicyDocument, PrincipalKind};
use crate::settings::Settings;

/// The name that the template gives `backend_role`.
const DEFAULT_BACKEND_ROLE: &str = "rolecall-backend";

/// Checks the targets of a registry as `backend_role`.
#[derive(Debug)]
pub(crate) struct Checker {
    /// The backend with the credentials of `backend_role`.
    pub acting: Backend,
    /// The identity of these credentials.
    pub identity: Identity,
    /// The identity that customers trust: `backend_role`, or the caller itself.
    pub role: BackendPrincipal,
    /// The operator's own identity, if it is another one. No customer role should let it in.
    pub other_identity: Option<(Backend, Identity)>,
    /// Whether `backend_role`'s own policies require external IDs: then they may refuse what the customer's role would
    /// not. None if they could not be read.
    pub asks_for_external_ids: Option<bool>,
    /// The registry's store, with the operator's own credentials.
    pub registry_store: RegistryStore,
    pub registry: Registry,
    /// The organizations of the registry, as they were listed. Their accounts are targets of `registry`.
    pub organizations: Vec<CheckedOrganization>,
}

impl Checker {
    /// Identifies the caller, assumes `backend_role` if the settings name it, and reads the registry.
    pub(crate) async fn start(settings: &Settings) -> Result<Self, Error> {
        let own = Backend::load(settings).await;
        let own_identity = own.identify().await?;
        let given = settings.backend_role.as_deref().map(str::parse::<RoleArn>).transpose();
        let given =
            given.map_err(|error| Error::new(ErrorKind::InvalidSettings, format!("ROLECALL_BACKEND_ROLE: {error}")))?;
        let mut acting = (own.clone(), own_identity.clone());
        let mut other_identity = None;
        if let Some(role) = given.as_ref().filter(|role| !is_session_of(&own_identity, role)) {
            let provider = backend_role(&own, &role.to_string());
            let backend = own.clone().with_credentials(provider);
            let identity = backend.identify().await?;
            other_identity = Some(std::mem::replace(&mut acting, (backend, identity)));
        }
        let reader = RegistryStore::open(settings, &acting.0.config, acting.0.partition.name)?;
        let published = reader.published().await?;
        let role = trusted_role(&acting.1, given, published.as_ref())?;
        let asks_for_external_ids = own_policies_ask(&own.config, &own_identity, &role).await;
        let (registry_store, acting_as) =
            (RegistryStore::open(settings, &own.config, own.partition.name)?, role.into());
        Self::of(acting, acting_as, reader.read().await?, registry_store).await.map(|checker| Self {
            other_identity,
            asks_for_external_ids,
            ..checker
        })
    }

    /// The same as the caller itself, a role or an IAM user, whatever role the settings name.
    pub(crate) async fn start_as_self(settings: &Settings) -> Result<Self, Error> {
        let own = Backend::load(settings).await;
        let identity = own.identify().await?;
        let caller = own_principal(&own.config, &identity).await?;
        let asks_for_external_ids = match caller.kind {
            PrincipalKind::User => user_policies_ask(&own.config, caller.name()).await,
            PrincipalKind::Role => asks(RoleReader::of_caller(&own.config, caller.name()).policies().await),
        };
        let registry_store = RegistryStore::open(settings, &own.config, own.partition.name)?;
        let registry = registry_store.read().await?;
        let checker = Self::of((own, identity), caller, registry, registry_store).await?;
        Ok(Self { asks_for_external_ids, ..checker })
    }

    /// Lists the organizations of the registry. Nothing is known of the policies of the backend, nor of another identity.
    async fn of(
        (acting, identity): (Backend, Identity),
        role: BackendPrincipal,
        mut registry: Registry,
        registry_store: RegistryStore,
    ) -> Result<Self, Error> {
        let organizations = organizations::list(&acting, &identity, &mut registry).await;
        let (other_identity, asks_for_external_ids) = (None, None);
        Ok(Self {
            acting,
            identity,
            role,
            other_identity,
            asks_for_external_ids,
            registry_store,
            registry,
            organizations,
        })
    }

    /// Who a target's role has to trust: the role that is passed through first, or else `backend_role` or the caller itself.
    pub(super) fn trusted_by(&self, target: &Target) -> BackendPrincipal {
        let via = target.via.as_deref().and_then(|via| via.parse().ok());
        via.unwrap_or_else(|| self.role.clone())
    }
}

/// Returns whether `backend_role`'s policies require external IDs, as far as the operator may read them. The template's
/// require none. An operator of another account cannot read them.
async fn own_policies_ask(config: &aws_config::SdkConfig, identity: &Identity, role: &RoleArn) -> Option<bool> {
    asks(RoleReader::of_backend(config, identity, role).ok()?.policies().await)
}

fn asks(policies: RolePolicies) -> Option<bool> {
    let asks = policies.readable().any(requires_external_ids);
    (asks || policies.is_complete()).then_some(asks)
}

/// The same of an IAM user with its groups.
async fn user_policies_ask(config: &aws_config::SdkConfig, user: &str) -> Option<bool> {
    let policies = UserReader::new(config, user).policies().await.ok()?;
    let asks = policies.documents.iter().any(requires_external_ids);
    (asks || policies.unread.is_empty()).then_some(asks)
}

fn requires_external_ids(document: &PolicyDocument) -> bool {
    let mut statements = document.statements.iter();
    statements.any(|statement| statement.covers("sts:AssumeRole") && statement.looks_at(EXTERNAL_ID))
}

/// Returns the caller: an IAM user, or the role of its session. STS does not say the path of a role, so IAM is asked. A caller who
/// may not ask counts as a role without a path.
async fn own_principal(config: &aws_config::SdkConfig, identity: &Identity) -> Result<BackendPrincipal, Error> {
    let not_usable = || wrong_identity(identity, "only an IAM user or a session of a role can enter customers' roles");
    if let Ok(user) = identity.arn.parse::<BackendPrincipal>() {
        return Ok(user);
    }
    let arn = identity.arn.parse::<Arn>().map_err(|_| not_usable())?;
    let session = arn.resource.strip_prefix("assumed-role/").and_then(|rest| rest.split_once('/'));
    let Some(((name, _), account_id)) = session.zip(arn.account_id.as_ref()) else { return Err(not_usable()) };
    let described = aws_sdk_iam::Client::new(config).get_role().role_name(name).send().await;
    let described = described.ok().and_then(|answer| answer.role).and_then(|role| role.arn.parse().ok());
    Ok(described.unwrap_or_else(|| RoleArn::new(&arn.partition, account_id, name).into()))
}

/// Returns the role that customers trust: the one published to them, else the given one, else the template's default. An
/// identity that is no session of that role is an error.
fn trusted_role(identity: &Identity, given: Option<RoleArn>, published: Option<&Published>) -> Result<RoleArn, Error> {
    if let Some(published) = published {
        published.require_account(identity)?;
    }
    let published = published.map(|published| published.backend_role.clone());
    let by_default = || {
        let partition = identity.arn.parse::<Arn>().map_or_else(|_| "aws".to_owned(), |arn| arn.partition);
        identity.account_id.parse::<AccountId>().map(|id| RoleArn::new(&partition, &id, DEFAULT_BACKEND_ROLE))
    };
    let role = match (published, given) {
        (Some(role), _) | (None, Some(role)) => role,
        (None, None) => by_default().map_err(|error| wrong_identity(identity, &error.to_string()))?,
    };
    if is_session_of(identity, &role) {
        return Ok(role);
    }
    Err(wrong_identity(
        identity,
        &format!("customers trust {role}: give --backend-role {role}, or --backend self to check as the caller"),
    ))
}

fn wrong_identity(identity: &Identity, problem: &str) -> Error {
    Error::new(ErrorKind::WrongIdentity, format!("this runs as {}, and {problem}", identity.arn))
}

/// Returns whether an identity is a session of a role: `arn:aws:sts::<account>:assumed-role/<name>/<session>`.
fn is_session_of(identity: &Identity, role: &RoleArn) -> bool {
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
        let identity = |resource: &str| Identity {
            account_id: "999999999999".into(),
            arn: format!("arn:aws:{resource}"),
            unique_id: None,
        };
        let backend = identity("sts::999999999999:assumed-role/rolecall-backend/me");
        let role = "arn:aws:iam::999999999999:role/rolecall-backend";
        assert_eq!(trusted_role(&backend, None, None).unwrap().to_string(), role);
        let with_path: RoleArn = "arn:aws:iam::999999999999:role/team/rolecall-backend".parse().unwrap();
        assert_eq!(trusted_role(&backend, Some(with_path.clone()), None).unwrap(), with_path);
        let of_role = |role: &str| {
            let text =
                format!(r#"{{"backend_role_arn":"{role}","template_url":"","template_sha256":"{}"}}"#, "0".repeat(64));
            Published::read(text.as_bytes(), "published.json", "aws").unwrap()
        };
        let published = of_role("arn:aws:iam::999999999999:role/other");
        let of_a_stranger = of_role("arn:aws:iam::666666666666:role/rolecall-backend");
        let refused = trusted_role(&backend, None, Some(&of_a_stranger)).unwrap_err();
        assert!(refused.message.contains("of another account") && !refused.message.contains("give --backend-role arn"));
        for (identity, published) in [
            (identity("iam::999999999999:user/me"), None),
            (identity("iam::999999999999:root"), None),
            (identity("sts::999999999999:assumed-role/rolecall-backend-2/me"), None),
            (backend.clone(), Some(&published)),
        ] {
            assert_eq!(trusted_role(&identity, None, published).unwrap_err().kind, ErrorKind::WrongIdentity);
        }
        let refused = trusted_role(&backend, None, Some(&published)).unwrap_err();
        insta::assert_snapshot!(refused, @"this runs as arn:aws:sts::999999999999:assumed-role/rolecall-backend/me, and customers trust arn:aws:iam::999999999999:role/other: give --backend-role arn:aws:iam::999999999999:role/other, or --backend self to check as the caller");
    }
}
