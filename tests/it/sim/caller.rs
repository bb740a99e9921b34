//! Identifies callers: the credential scope, root keys, keys of roles, and the sessions issued by `AssumeRole`.

use super::names::mix;
use super::policy::SessionPolicy;
use super::state::lock;
use super::world::World;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// The credential scope in an `Authorization` header.
pub(super) struct Scope {
    pub key: String,
    pub region: String,
    pub service: String,
}

impl Scope {
    /// Parses `AWS4-HMAC-SHA256 Credential=<key>/<date>/<region>/<service>/aws4_request, …`.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let header = header.strip_prefix("AWS4-HMAC-SHA256")?;
        let scope = header.split_once("Credential=")?.1.split([',', ' ']).next()?;
        let parts: Vec<&str> = scope.split('/').collect();
        match parts.as_slice() {
            [key, _date, region, service, "aws4_request"] => {
                Some(Self { key: key.to_string(), region: region.to_string(), service: service.to_string() })
            }
            _ => None,
        }
    }
}

/// The identity of a caller, with its permissions.
#[derive(Clone)]
pub(super) struct Caller {
    pub account: String,
    /// The ARN in messages and in `GetCallerIdentity`.
    pub arn: String,
    /// The principal that trust policies match: a role's ARN or the account's root.
    pub principal: String,
    /// The `UserId` of `GetCallerIdentity`.
    pub user_id: String,
    /// True if the caller is a session of a role.
    pub is_role: bool,
    pub policy: Option<Arc<SessionPolicy>>,
    pub revoked: bool,
}

/// The reason for which a key is rejected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum KeyRejection {
    Unknown,
    Expired,
}

/// The credentials that `AssumeRole` returns, and the caller that they identify.
pub(super) struct Issued {
    pub key: String,
    pub secret: String,
    pub token: String,
    pub expires_ms: i64,
    pub caller: Caller,
}

struct Session {
    caller: Caller,
    secret: String,
    token: String,
    expires_ms: i64,
    expired: bool,
}

/// The sessions that `AssumeRole` has issued.
#[derive(Default)]
pub(super) struct Callers {
    sessions: Mutex<HashMap<String, Session>>,
    next: AtomicU64,
}

impl Callers {
    /// Returns the caller to whom a key and token belong.
    pub(super) fn resolve(
        &self,
        world: &World,
        key: &str,
        token: Option<&str>,
        now_ms: i64,
    ) -> Result<Caller, KeyRejection> {
        if let Some(role) = world.keys.get(key) {
            return assumed(role, "function").ok_or(KeyRejection::Unknown);
        }
        if world.accounts.contains_key(key) {
            return Ok(root(world, key));
        }
        let sessions = lock(&self.sessions);
        let session = sessions.get(key).filter(|session| token == Some(session.token.as_str()));
        match session {
            None => Err(KeyRejection::Unknown),
            Some(session) if session.expired || session.expires_ms <= now_ms => Err(KeyRejection::Expired),
            Some(session) => Ok(session.caller.clone()),
        }
    }

    /// Returns the account of a key, valid or not, for the counts.
    pub(super) fn account_of(&self, world: &World, key: &str) -> String {
        if world.accounts.contains_key(key) {
            return key.to_owned();
        }
        let of_role = world.keys.get(key).and_then(|role| role.split(':').nth(4)).map(str::to_owned);
        of_role.or_else(|| lock(&self.sessions).get(key).map(|s| s.caller.account.clone())).unwrap_or_default()
    }

    /// Issues a new session of a role.
    pub(super) fn issue(
        &self,
        role: &str,
        name: &str,
        policy: Option<SessionPolicy>,
        expires_ms: i64,
    ) -> Option<Issued> {
        let mut caller = assumed(role, name)?;
        caller.policy = policy.map(Arc::new);
        let n = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        let key = format!("ASIA{}{n:04}", caller.account);
        let secret = format!("sim/secret+{:016x}{:016x}", mix(&[role, "secret"], n), mix(&[name, "secret"], n));
        let token = format!("FwoGZXIvYXdz{:016x}/{:016x}+{n}==", mix(&[role, "token"], n), mix(&[name, "token"], n));
        let session = Session {
            caller: caller.clone(),
            secret: secret.clone(),
            token: token.clone(),
            expires_ms,
            expired: false,
        };
        lock(&self.sessions).insert(key.clone(), session);
        Some(Issued { key, secret, token, expires_ms, caller })
    }

    /// Expires the session of this key.
    pub(super) fn expire(&self, key: &str) {
        if let Some(session) = lock(&self.sessions).get_mut(key) {
            session.expired = true;
        }
    }

    /// Expires all sessions of an account.
    pub(super) fn expire_account(&self, account: &str) {
        lock(&self.sessions).values_mut().filter(|s| s.caller.account == account).for_each(|s| s.expired = true);
    }

    /// Denies all sessions of an account everything.
    pub(super) fn revoke_account(&self, account: &str) {
        let mut sessions = lock(&self.sessions);
        sessions.values_mut().filter(|s| s.caller.account == account).for_each(|s| s.caller.revoked = true);
    }

    /// Returns all secret keys and session tokens.
    pub(super) fn secrets(&self) -> Vec<String> {
        lock(&self.sessions).values().flat_map(|s| [s.secret.clone(), s.token.clone()]).collect()
    }
}

fn root(world: &World, account: &str) -> Caller {
    let arn = format!("arn:{}:iam::{account}:root", world.partition);
    Caller {
        account: account.to_owned(),
        principal: arn.clone(),
        arn,
        user_id: account.to_owned(),
        is_role: false,
        policy: None,
        revoked: false,
    }
}

/// Returns a caller for a session of the role with this ARN.
fn assumed(role: &str, session: &str) -> Option<Caller> {
    let parts: Vec<&str> = role.splitn(6, ':').collect();
    let &["arn", partition, "iam", "", account, resource] = parts.as_slice() else {
        return None;
    };
    let name = resource.strip_prefix("role/")?.rsplit('/').next()?;
    let id = mix(&["role", role], 0);
    Some(Caller {
        account: account.to_owned(),
        arn: format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}"),
        principal: role.to_owned(),
        user_id: format!("AROA{id:016X}:{session}"),
        is_role: true,
        policy: None,
        revoked: false,
    })
}
