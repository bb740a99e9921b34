//! The attempts to get in that a trust policy is evaluated for.
//!
//! **Invariant:** evaluates nothing. The callers are made up, except those that the policy names.

use secrecy::{ExposeSecret, SecretString};

use super::mentioned::Mentioned;
use super::{CallerClass, Safety, TrustSubject};
use crate::customers::is_guessable;
use crate::domain::AccountId;
use crate::input::quoted;
use crate::onboarding::iam_policy::evaluate::{AccountCaller, Caller, IdentityKind, RequestContext};
use crate::onboarding::iam_policy::{EXTERNAL_ID, is_pattern};

/// Unique ids of identities that no policy names.
const UNKNOWN_ROLE: &str = "AROAAAAAAAAAAAAAAAAAA";
const UNKNOWN_USER: &str = "AIDAAAAAAAAAAAAAAAAAA";

/// Which external ID an attempt gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum GivenId {
    Registered,
    /// Another one that the policy lists in full, and that cannot be guessed.
    Listed,
    /// Any other one, such as a random one.
    Another,
    /// One that is not registered, and that can be guessed.
    Guessable,
    None,
}

/// One caller with one external ID.
#[derive(Clone, Debug)]
pub(super) struct EntryAttempt {
    pub class: CallerClass,
    /// Who it is, for a sentence.
    pub who: String,
    pub caller: Caller,
    pub given: GivenId,
    pub action: &'static str,
    pub context: RequestContext,
    /// What it means if the caller gets in.
    pub if_in: Safety,
}

/// Keys that rolecall's requests do not have.
const NEVER_SENT: &[&str] = &[
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:Referer",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIdentity",
    "aws:TagKeys",
    "sts:SourceIdentity",
    "sts:TransitiveTagKeys",
];

/// What is known of a request to STS by any sender. A caller chooses or has all other keys.
pub(super) fn sent_directly() -> RequestContext {
    RequestContext::others_unknown()
        .with_value("aws:SecureTransport", "true")
        .with_value("aws:ViaAWSService", "false")
        .with_absent("aws:CalledVia")
}

/// All attempts of identities of accounts.
pub(super) fn of_accounts(subject: &TrustSubject<'_>, mentioned: &Mentioned) -> Vec<EntryAttempt> {
    let maker = Maker { subject, mentioned, external_ids: GivenIds::new(subject, mentioned) };
    let mut attempts = maker.backend();
    attempts.extend(maker.others_of_backend_account());
    let is_foreign = |account: &&AccountId| **account != subject.backend.account_id && *account != subject.account;
    for account in mentioned.accounts.iter().filter(is_foreign) {
        attempts.extend(maker.of_account(CallerClass::NamedAccount, account));
    }
    let lookalikes = mentioned.lookalikes.iter().filter(|account| !mentioned.accounts.contains(account));
    for stranger in lookalikes.filter(is_foreign).cloned().chain(stranger(subject, mentioned)) {
        attempts.extend(maker.of_account(CallerClass::AnyAccount, &stranger));
    }
    attempts
}

/// An account that is not mentioned.
fn stranger(subject: &TrustSubject<'_>, mentioned: &Mentioned) -> Option<AccountId> {
    let accounts = (0_u64..1_000).filter_map(|number| format!("{:012}", 518_204_739_163 + number).parse().ok());
    let is_known = |account: &AccountId| {
        mentioned.accounts.contains(account) || account == subject.account || *account == subject.backend.account_id
    };
    accounts.into_iter().find(|account: &AccountId| !is_known(account))
}

/// The external IDs that are given.
struct GivenIds {
    registered: Option<SecretString>,
    others: Vec<(GivenId, SecretString)>,
}

impl GivenIds {
    fn new(subject: &TrustSubject<'_>, mentioned: &Mentioned) -> Self {
        let registered = subject.external_id.cloned();
        let text = registered.as_ref().map_or("", ExposeSecret::expose_secret);
        // A text that differs in case alone is the same secret.
        let others = mentioned.external_ids.iter().filter(|id| !id.eq_ignore_ascii_case(text));
        // What a policy variable may stand for is no secret.
        let backend = subject.backend;
        let invented = [
            "c1f7d3a8-rolecall-no-such-id".to_owned(),
            subject.account.to_string(),
            backend.account_id.to_string(),
            backend.to_string(),
            subject.session_name.to_owned(),
            subject.backend_unique_id.map_or_else(String::new, |id| format!("{id}:{}", subject.session_name)),
        ];
        let account = subject.account.as_str();
        let is_listed = |id: &str| !is_pattern(id) && mentioned.written_external_ids().any(|text| text == id);
        let given = |id: &str| match (is_guessable(id, account), is_listed(id)) {
            (true, _) => GivenId::Guessable,
            (false, true) => GivenId::Listed,
            (false, false) => GivenId::Another,
        };
        // STS takes no empty one.
        let others = others.cloned().chain(invented).filter(|id| !id.is_empty());
        let others = others.map(|id| (given(&id), SecretString::from(id))).collect();
        Self { registered, others }
    }

    /// The contexts with all external IDs.
    fn contexts(&self, context: &RequestContext) -> Vec<(GivenId, RequestContext)> {
        let with = |id: &SecretString| context.clone().with_value(EXTERNAL_ID, id.expose_secret());
        let mut contexts = vec![(GivenId::None, context.clone().with_absent(EXTERNAL_ID))];
        contexts.extend(self.others.iter().map(|(given, id)| (*given, with(id))));
        contexts.extend(self.registered.iter().map(|id| (GivenId::Registered, with(id))));
        contexts
    }
}

struct Maker<'a> {
    subject: &'a TrustSubject<'a>,
    mentioned: &'a Mentioned,
    external_ids: GivenIds,
}

impl Maker<'_> {
    fn backend(&self) -> Vec<EntryAttempt> {
        let TrustSubject { backend, backend_unique_id, session_name, external_id, .. } = self.subject;
        let caller = Caller::of_backend(backend, session_name, *backend_unique_id);
        let wanted = if external_id.is_some() { GivenId::Registered } else { GivenId::None };
        let context = sent_directly().with_value("sts:RoleSessionName", session_name);
        let contexts = self.external_ids.contexts(&context).into_iter();
        let attempts = contexts.map(|(given, context)| {
            let class = match given {
                given if given == wanted => CallerClass::Backend,
                GivenId::None => CallerClass::BackendWithoutExternalId,
                _ => CallerClass::BackendWithAnotherExternalId,
            };
            let context = if given == wanted { self.as_sent_by_rolecall(context) } else { context };
            // A target without an external ID is entered for all that the backend works for.
            let is_fine = class == CallerClass::Backend || external_id.is_none();
            let if_in = match given {
                _ if is_fine => Safety::Safe,
                // Only its maker may register it elsewhere.
                GivenId::Listed => Safety::Weak,
                _ => Safety::Unsafe,
            };
            let who = format!("{} {}", backend.kind_name(), backend.path_and_name);
            EntryAttempt { class, who, caller: caller.clone(), given, action: "sts:AssumeRole", context, if_in }
        });
        attempts.collect()
    }

    /// What is known of rolecall's own requests: they have no tags and no source identity, and a function has no MFA.
    fn as_sent_by_rolecall(&self, context: RequestContext) -> RequestContext {
        let tags = self.mentioned.values.keys().filter(|key| key.starts_with("aws:requesttag/")).map(String::as_str);
        NEVER_SENT.iter().copied().chain(tags).fold(context, RequestContext::with_absent)
    }

    fn others_of_backend_account(&self) -> Vec<EntryAttempt> {
        let backend = self.subject.backend;
        let own = backend.to_string();
        let callers = self.identities(&backend.account_id).into_iter();
        let others = callers
            .filter(|(_, caller)| !matches!(caller, Caller::Account(caller) if caller.arn.as_ref() == Some(&own)));
        let attempts = others.flat_map(|(who, caller)| {
            self.attempts(CallerClass::OtherIdentityOfBackendAccount, &who, &caller, |_| Safety::Weak)
        });
        attempts.collect()
    }

    fn of_account(&self, class: CallerClass, account: &AccountId) -> Vec<EntryAttempt> {
        let if_in = |given| match (class, given) {
            // The customer gave it the external ID, or it is registered there too.
            (CallerClass::NamedAccount, GivenId::Registered | GivenId::Listed) => Safety::Weak,
            _ => Safety::Unsafe,
        };
        let callers = self.identities(account).into_iter();
        callers.flat_map(|(who, caller)| self.attempts(class, &who, &caller, if_in)).collect()
    }

    fn attempts(
        &self,
        class: CallerClass,
        who: &str,
        caller: &Caller,
        if_in: impl Fn(GivenId) -> Safety,
    ) -> Vec<EntryAttempt> {
        let attempt = |(given, context)| EntryAttempt {
            class,
            who: who.to_owned(),
            caller: caller.clone(),
            given,
            action: "sts:AssumeRole",
            context,
            if_in: if_in(given),
        };
        self.external_ids.contexts(&sent_directly()).into_iter().map(attempt).collect()
    }

    /// An identity of an account with another value of `aws:userid` than the backend's.
    fn with_user_id(&self, account: &AccountId, user_id: &str) -> Option<(String, Caller)> {
        let backend = self.subject.backend;
        let (unique_id, session) = user_id.split_once(':').map_or((user_id, None), |(id, name)| (id, Some(name)));
        if self.subject.backend_unique_id == Some(unique_id) {
            return None;
        }
        let kind = if unique_id.starts_with("AIDA") { "user" } else { "role" };
        let arn = format!("arn:{}:iam::{account}:{kind}/another-{kind}", backend.partition);
        let Caller::Account(mut caller) = identity(&backend.partition, account, &arn) else { return None };
        caller.unique_id = Some(unique_id.to_owned());
        caller.session = session.map(str::to_owned);
        Some((format!("the {kind} with the unique id {}", quoted(unique_id)), Caller::Account(caller)))
    }

    /// Identities of an account: those that the policy names, a namesake of the backend's role, and some others.
    fn identities(&self, account: &AccountId) -> Vec<(String, Caller)> {
        let backend = self.subject.backend;
        let partition = &backend.partition;
        let arn = |resource: &str| format!("arn:{partition}:iam::{account}:{resource}");
        let mut callers = vec![
            (format!("a role of account {account}"), identity(partition, account, &arn("role/another-role"))),
            (
                format!("a role of account {account}"),
                identity(partition, account, &arn(&format!("role/{}", backend.path_and_name))),
            ),
            (format!("a user of account {account}"), identity(partition, account, &arn("user/somebody"))),
        ];
        for named in &self.mentioned.identities {
            // A wildcard in place of the account is filled with this one.
            let parts: Vec<&str> = named.splitn(6, ':').collect();
            let [_, of_partition, _, _, of_account, resource] = parts.as_slice() else { continue };
            let is_open = |part: &str| part.contains('x');
            let fits = (*of_partition == partition.as_str() || is_open(of_partition))
                && (*of_account == account.as_str() || is_open(of_account));
            if fits && *resource != "root" {
                let service = if resource.starts_with("federated-user/") { "sts" } else { "iam" };
                let arn = format!("arn:{partition}:{service}::{account}:{resource}");
                callers
                    .push((format!("{} of account {account}", quoted(resource)), identity(partition, account, &arn)));
            }
        }
        // The wildcard takes the rest of the ARN's beginning and the path of a role.
        let start = arn("role/");
        for (_, after) in self.mentioned.open_arns.iter().filter(|(before, _)| start.starts_with(before)) {
            callers.push((
                format!("a role of account {account}"),
                identity(partition, account, &format!("{start}x{after}")),
            ));
        }
        callers.extend(self.mentioned.user_ids.iter().filter_map(|id| self.with_user_id(account, id)));
        callers
    }
}

/// The identity with an ARN, as a session of a role or as itself.
fn identity(partition: &str, account: &AccountId, arn: &str) -> Caller {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let of_session = resource.strip_prefix("assumed-role/").and_then(|rest| rest.split_once('/'));
    let own = |kind, unique_id: Option<&str>| (kind, arn.to_owned(), None, unique_id.map(str::to_owned));
    let of_role =
        |arn: String, session: &str| (IdentityKind::Role, arn, Some(session.to_owned()), Some(UNKNOWN_ROLE.to_owned()));
    let (kind, arn, session, unique_id) = match of_session {
        Some((role, session)) => of_role(format!("arn:{partition}:iam::{account}:role/{role}"), session),
        None if resource.starts_with("role/") => of_role(arn.to_owned(), "somebody"),
        None if resource.starts_with("federated-user/") => own(IdentityKind::FederatedUser, None),
        None => own(IdentityKind::User, Some(UNKNOWN_USER)),
    };
    Caller::Account(AccountCaller {
        partition: partition.to_owned(),
        account: Some(account.clone()),
        kind: Some(kind),
        arn: Some(arn),
        session,
        unique_id,
    })
}
