//! Who calls: the credential scope, root keys, keys of roles, and the sessions that AssumeRole issued.

use super::names::mix;
use super::policy::SessionPolicy;
use super::state::lock;
use super::world::World;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// What an Authorization header says.
pub(super) struct Scope {
    pub key: String,
    pub region: String,
    pub service: String,
}

impl Scope {
    /// Reads `AWS4-HMAC-SHA256 Credential=<key>/<date>/<region>/<service>/aws4_request, …`.
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

/// A caller that was recognised.
#[derive(Clone)]
pub(super) struct Caller {
    pub account: String,
    /// As messages and GetCallerIdentity name it.
    pub arn: String,
    /// What trust policies see: a role's ARN, or the account's root.
    pub principal: String,
    /// GetCallerIdentity's UserId.
    pub user_id: String,
    /// True for a role's session.
    pub is_role: bool,
    pub policy: Option<Arc<SessionPolicy>>,
    pub revoked: bool,
}

/// Why a key is refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum KeyRejection {
    Unknown,
    Expired,
}

/// What AssumeRole hands out.
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

/// All sessions ever issued.
#[derive(Default)]
pub(super) struct Callers {
    sessions: Mutex<HashMap<String, Session>>,
    next: AtomicU64,
}

impl Callers {
    /// Who this key and token belong to.
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

    /// The account a key belongs to, good or not; for counting.
    pub(super) fn account_of(&self, world: &World, key: &str) -> String {
        if world.accounts.contains_key(key) {
            return key.to_owned();
        }
        let of_role = world.keys.get(key).and_then(|role| role.split(':').nth(4)).map(str::to_owned);
        of_role.or_else(|| lock(&self.sessions).get(key).map(|s| s.caller.account.clone())).unwrap_or_default()
    }

    /// A new session of a role.
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

    /// Ends one session.
    pub(super) fn expire(&self, key: &str) {
        if let Some(session) = lock(&self.sessions).get_mut(key) {
            session.expired = true;
        }
    }

    /// Ends all sessions of an account.
    pub(super) fn expire_account(&self, account: &str) {
        lock(&self.sessions).values_mut().filter(|s| s.caller.account == account).for_each(|s| s.expired = true);
    }

    /// Denies all sessions of an account everything.
    pub(super) fn revoke_account(&self, account: &str) {
        let mut sessions = lock(&self.sessions);
        sessions.values_mut().filter(|s| s.caller.account == account).for_each(|s| s.caller.revoked = true);
    }

    /// All secret keys and tokens.
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

/// A session of the role with this ARN.
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
