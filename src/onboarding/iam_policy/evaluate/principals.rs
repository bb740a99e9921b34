//! Whether the principals of a statement include a caller.
//!
//! **Invariant:** evaluates no condition. A principal is no pattern: IAM knows only `*` by itself.

use super::super::document::{Effect, Element, Principals};
use super::super::pattern::is_pattern;
use super::caller::{AccountCaller, Caller, IdentityKind};
use super::truth::Truth;
use crate::domain::AccountId;
use crate::input::quoted;

/// How closely a principal names a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Naming {
    /// The account, which hands the decision to the policies of its identities.
    Account,
    /// Everyone, as `*` does.
    Everyone,
    /// The role of a session.
    Role,
    /// The caller itself: a user, the session of a role, a service, a federated principal.
    Itself,
}

/// Whether a statement's principals include a caller, by how closely they name it. A way that is not there is no.
pub(super) type Namings = Vec<(Naming, Truth)>;

/// Returns whether a statement is about a caller.
pub(super) fn include(principals: &Element<Principals>, effect: Effect, caller: &Caller) -> Namings {
    match principals {
        Element::Is(principals) => named(principals, caller),
        // It names the caller by what it leaves out: with boundaries and session policies, like everyone.
        Element::IsNot(principals) => vec![(Naming::Everyone, not_excluded(principals, effect, caller))],
    }
}

fn named(principals: &Principals, caller: &Caller) -> Namings {
    let Principals::Named(kinds) = principals else { return vec![(Naming::Everyone, Truth::Yes)] };
    let all = kinds.iter().flat_map(|(kind, names)| names.iter().map(move |name| is_named(kind, name, caller)));
    all.map(|(truth, naming)| (naming, truth)).filter(|(_, truth)| *truth != Truth::No).collect()
}

/// Returns whether one principal is a caller.
fn is_named(kind: &str, name: &str, caller: &Caller) -> (Truth, Naming) {
    match (kind, caller) {
        ("AWS", _) if name == "*" => (Truth::Yes, Naming::Everyone),
        ("AWS", Caller::Account(caller)) => of_account(name, caller),
        ("Service", Caller::Service(service)) => (exactly(name, service), Naming::Itself),
        ("Federated", Caller::Federated(_)) if name == "*" => (Truth::Yes, Naming::Everyone),
        ("Federated", Caller::Federated(provider)) => (exactly(name, provider), Naming::Itself),
        // Nobody but S3 says whose canonical id it is.
        ("CanonicalUser", Caller::Account(_)) => (Truth::open("the canonical user id"), Naming::Account),
        ("AWS" | "Service" | "Federated" | "CanonicalUser", _) => (Truth::No, Naming::Account),
        _ => (Truth::open(&format!("the kind of principal {}", quoted(kind))), Naming::Account),
    }
}

/// Compares names. IAM refuses wildcards in them, so it is open what one would mean.
fn exactly(name: &str, wanted: &str) -> Truth {
    if is_pattern(name) { Truth::open("a wildcard in a principal") } else { (name == wanted).into() }
}

/// What a principal of the kind `AWS` names.
enum Named<'a> {
    Account(&'a str),
    /// An ARN of an account's role, user, or session.
    Arn {
        account: &'a str,
        partition: &'a str,
        resource: &'a str,
    },
    UniqueId,
    Other,
}

impl<'a> Named<'a> {
    fn of(name: &'a str) -> Self {
        let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_account(name) {
            return Self::Account(name);
        }
        let parts: Vec<&str> = name.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", _, "iam", "", account, "root"] if is_account(account) => Self::Account(account),
            ["arn", partition, "iam" | "sts", "", account, resource] if is_account(account) => {
                Self::Arn { account, partition, resource }
            }
            _ if (name.starts_with("AROA") || name.starts_with("AIDA")) && !is_pattern(name) => Self::UniqueId,
            _ => Self::Other,
        }
    }
}

fn of_account(name: &str, caller: &AccountCaller) -> (Truth, Naming) {
    if is_pattern(name) {
        // Whatever a wildcard would mean, an ARN of another account is not the caller's.
        let of_another = caller.account.as_ref().zip(name.split(':').nth(4).filter(|account| !is_pattern(account)));
        let is_foreign = of_another.is_some_and(|(of_caller, account)| of_caller.as_str() != account);
        let truth = if is_foreign { Truth::No } else { Truth::open("a wildcard in a principal") };
        return (truth, Naming::Account);
    }
    let is_of = |account: &str| match &caller.account {
        Some(of_caller) => Truth::from(AccountId::as_str(of_caller) == account),
        None => Truth::open("aws:PrincipalAccount"),
    };
    match Named::of(name) {
        Named::Account(account) => {
            let partition = name.strip_prefix("arn:").and_then(|rest| rest.split(':').next());
            (
                is_of(account).and(partition.is_none_or(|partition| partition == caller.partition).into()),
                Naming::Account,
            )
        }
        Named::UniqueId if !caller.may_have_id(name) => (Truth::No, Naming::Account),
        Named::UniqueId => (known_as(caller.unique_id.as_deref(), name, "aws:userid"), caller.closest()),
        Named::Arn { account, partition, resource } => {
            let place = is_of(account).and((partition == caller.partition).into());
            if resource.starts_with("assumed-role/") {
                return (place.and(is_session(resource, name, caller)), Naming::Itself);
            }
            (place.and(known_as(caller.arn.as_deref(), name, "aws:PrincipalArn")), caller.closest())
        }
        // IAM stores no such principal.
        Named::Other => (Truth::open("a principal of an unknown form"), Naming::Account),
    }
}

/// Returns whether a session's ARN is the caller's.
fn is_session(resource: &str, name: &str, caller: &AccountCaller) -> Truth {
    if caller.kind.is_some_and(|kind| kind != IdentityKind::Role) {
        return Truth::No;
    }
    let role = caller.arn.as_deref().and_then(|arn| arn.rsplit('/').next());
    let named_role = resource.split('/').nth(1);
    if role.is_some() && role != named_role {
        return Truth::No;
    }
    known_as(caller.session_arn().as_deref(), name, "the name of the caller's session")
}

fn known_as(known: Option<&str>, name: &str, question: &str) -> Truth {
    known.map_or_else(|| Truth::open(question), |known| (known == name).into())
}

impl AccountCaller {
    /// Returns whether the kind of identity goes with a unique id's prefix.
    fn may_have_id(&self, id: &str) -> bool {
        match self.kind {
            None => true,
            Some(IdentityKind::Role) => id.starts_with("AROA"),
            Some(IdentityKind::User) => id.starts_with("AIDA"),
            Some(IdentityKind::Root | IdentityKind::FederatedUser) => false,
        }
    }

    /// How an ARN or unique id of the identity names its caller.
    fn closest(&self) -> Naming {
        if self.kind == Some(IdentityKind::Role) { Naming::Role } else { Naming::Itself }
    }
}

/// `NotPrincipal`: whether a statement is about a caller, since it is not left out.
///
/// A Deny leaves a caller out whose account is listed, and whose user, role or session is listed too. Without the account,
/// or with a session and not its role, IAM documents that the caller may be denied. An Allow is not documented beyond the
/// callers of which nothing is listed, and those of which everything is.
fn not_excluded(principals: &Principals, effect: Effect, caller: &Caller) -> Truth {
    let Principals::Named(kinds) = principals else { return Truth::No };
    let Caller::Account(of_account_caller) = caller else {
        return Truth::any(named(principals, caller).into_iter().map(|(_, truth)| truth)).not();
    };
    let names = || kinds.iter().filter(|(kind, _)| *kind == "AWS").flat_map(|(_, names)| names);
    if names().any(|name| name == "*") {
        return Truth::No;
    }
    let (mut account, mut identity, mut session) = (Truth::No, Truth::No, Truth::No);
    for name in names() {
        let truth = of_account(name, of_account_caller).0;
        match Named::of(name) {
            Named::Account(_) => account = account.or(truth),
            Named::Arn { resource, .. } if resource.starts_with("assumed-role/") => session = session.or(truth),
            _ => identity = identity.or(truth),
        }
    }
    // Nobody can say whose canonical ids these are.
    if kinds.contains_key("CanonicalUser") {
        identity = identity.or(Truth::open("the canonical user id"));
    }
    if of_account_caller.kind == Some(IdentityKind::Root) {
        return account.or(identity).not();
    }
    let nothing = identity.clone().or(session.clone()).not();
    let (untouched, left_out) = match effect {
        // With its account listed and nothing else, a caller is denied like others of the account.
        Effect::Deny => (nothing, account.and(identity)),
        Effect::Allow => {
            let is_role = of_account_caller.kind.is_none_or(|kind| kind == IdentityKind::Role);
            let whole = if is_role { session } else { Truth::Yes };
            (nothing.and(account.clone().not()), Truth::all([account, identity, whole]))
        }
    };
    untouched.either(left_out.not(), "NotPrincipal")
}
