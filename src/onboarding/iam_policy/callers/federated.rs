//! The attempts of federated users.
//!
//! **Invariant:** evaluates nothing. Which identity providers serve everybody is a list, each with its source.

use super::attempts::{EntryAttempt, GivenId, sent_directly};
use super::mentioned::{Mentioned, filled};
use super::services::STRANGER;
use super::{CallerClass, Safety, TrustSubject};
use crate::input::quoted;
use crate::onboarding::iam_policy::evaluate::{Caller, RequestContext};
use crate::onboarding::iam_policy::{EXTERNAL_ID, is_pattern};

/// Providers that give tokens to everybody, so that only conditions tell the customer's users from others. Source: IAM's list
/// of shared OIDC providers for which it evaluates conditions, and its built-in web identity providers.
const SHARED_PROVIDERS: &[&str] = &[
    "accounts.google.com",
    "agent.buildkite.com",
    "api.bitbucket.org",
    "api.pulumi.com/oidc",
    "app.terraform.io",
    "cognito-identity.amazonaws.com",
    "gitlab.com",
    "graph.facebook.com",
    "oidc.circleci.com",
    "oidc.codefresh.io",
    "oidc.vercel.com",
    "proidc.upbound.io",
    "sandboxes.cloud",
    "scalr.io",
    "token.actions.githubusercontent.com",
    "www.amazon.com",
];

/// The key in which a provider names its application, besides `aud`: the audience is a secret of no token there.
const APPLICATION_KEYS: &[&str] = &["aud", "app_id", "azp", "oaud"];

/// The most identity providers that are tried.
const MOST_PROVIDERS: usize = 20;
/// The most values of one claim that are tried.
const MOST_CLAIMS: usize = 20;

/// The attempts of users of all identity providers that the policy names.
pub(super) fn of_users(subject: &TrustSubject<'_>, mentioned: &Mentioned) -> Vec<EntryAttempt> {
    // A statement for everyone is for strangers with a token of whatever provider, too.
    let of_everyone =
        ["accounts.google.com".to_owned(), format!("arn:aws:iam::{STRANGER}:saml-provider/of-a-stranger")];
    let of_everyone = of_everyone.iter().filter(|_| mentioned.everyone);
    let providers = mentioned.providers.iter().take(MOST_PROVIDERS).chain(of_everyone);
    providers.flat_map(|provider| Provider::new(provider, subject, mentioned).attempts()).collect()
}

/// Keys that only a signed call has.
const UNSIGNED: &[&str] = &["aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths"];

/// One identity provider, and what its tokens may say.
struct Provider<'a> {
    name: &'a str,
    /// Whether the policy names it.
    is_named: bool,
    is_of_customer: bool,
    claims: Claims<'a>,
    context: RequestContext,
}

impl<'a> Provider<'a> {
    fn new(name: &'a str, subject: &TrustSubject<'_>, mentioned: &'a Mentioned) -> Self {
        let host = name.split_once(":oidc-provider/").map_or(name, |(_, host)| host);
        // These calls are not signed by an identity of AWS.
        let context = sent_directly().with_absent(EXTERNAL_ID);
        Self {
            name,
            is_named: mentioned.providers.contains(name),
            is_of_customer: name.split(':').nth(4) == Some(subject.account.as_str()),
            claims: Claims { host, mentioned },
            context: UNSIGNED.iter().fold(context, |context, key| context.with_absent(key)),
        }
    }

    fn attempts(&self) -> Vec<EntryAttempt> {
        let is_arn = self.name.starts_with("arn:");
        let host = self.claims.host;
        let is_shared = !is_arn || SHARED_PROVIDERS.iter().any(|shared| is_below(host, shared));
        match self.name.contains(":saml-provider/") {
            // The account of the provider decides who signs in, and with which claims.
            is_saml if is_arn && !self.is_of_customer => {
                let action = if is_saml { "sts:AssumeRoleWithSAML" } else { "sts:AssumeRoleWithWebIdentity" };
                vec![self.attempt(action, self.context.clone(), Safety::Unsafe)]
            }
            true => self.of_directory(),
            false if is_shared => {
                let mut attempts = self.of_strangers();
                // Google and Cognito have applications, of which the customer has some.
                attempts.extend(if is_arn { Vec::new() } else { self.of_own_application() });
                attempts
            }
            false => self.of_own_provider(),
        }
    }

    fn attempt(&self, action: &'static str, context: RequestContext, if_in: Safety) -> EntryAttempt {
        let who = if self.is_named {
            format!("a user of the identity provider {}", quoted(self.name))
        } else {
            "a user of an identity provider that the policy does not name".to_owned()
        };
        let caller = Caller::Federated(self.name.to_owned());
        EntryAttempt { class: CallerClass::Federated, who, caller, given: GivenId::None, action, context, if_in }
    }

    fn with_token(&self, subject: &str, audience: &str, if_in: Safety) -> EntryAttempt {
        self.attempt("sts:AssumeRoleWithWebIdentity", self.claims.of(&self.context, subject, audience), if_in)
    }

    /// The customer's own directory decides who signs in; `SAML:aud` ties its answers to AWS.
    fn of_directory(&self) -> Vec<EntryAttempt> {
        let elsewhere = self.context.clone().with_value("SAML:aud", "https://elsewhere.example/saml");
        vec![
            self.attempt("sts:AssumeRoleWithSAML", self.context.clone(), Safety::Safe),
            self.attempt("sts:AssumeRoleWithSAML", elsewhere, Safety::Weak),
        ]
    }

    /// Only the customer's own audience shows whether others get tokens of this provider. A cluster's are the customer's.
    fn of_own_provider(&self) -> Vec<EntryAttempt> {
        let unpinned = if is_of_cluster(self.claims.host) { Safety::Weak } else { Safety::Unsafe };
        let mut attempts = vec![self.with_token("somebody", "somebody", unpinned)];
        let audiences = self.claims.audiences();
        attempts.extend(audiences.iter().map(|audience| self.with_token("somebody", audience, Safety::Weak)));
        attempts
    }

    /// Strangers choose the audience where a workflow asks for its token, and have applications of their own elsewhere.
    fn of_strangers(&self) -> Vec<EntryAttempt> {
        let audiences: Vec<String> = match self.claims.host {
            "token.actions.githubusercontent.com" | "gitlab.com" | "app.terraform.io" | "agent.buildkite.com" => {
                self.claims.audiences().into_iter().chain(["sts.amazonaws.com".to_owned()]).collect()
            }
            _ => vec!["application-of-a-stranger".to_owned()],
        };
        let open =
            self.claims.values("sub").filter(|pattern| is_open_to_owners(pattern)).map(|pattern| filled(pattern));
        let subjects: Vec<String> = SUBJECTS.iter().map(|subject| (*subject).to_owned()).chain(open).collect();
        let all = audiences.iter().flat_map(|audience| subjects.iter().map(move |subject| (audience, subject)));
        all.map(|(audience, subject)| self.with_token(subject, audience, Safety::Unsafe)).collect()
    }

    /// All who may sign in to the customer's own application. A Cognito pool may let guests in.
    fn of_own_application(&self) -> Vec<EntryAttempt> {
        let names_guests = self.claims.values("amr").any(|value| filled(value).contains("unauth"));
        let if_in = if names_guests { Safety::Unsafe } else { Safety::Weak };
        let audiences = self.claims.audiences();
        let attempts = audiences.iter().map(|audience| {
            let mut guest = self.with_token("somebody", audience, if_in);
            guest.context = guest.context.with_value(&format!("{}:amr", self.claims.host), "unauthenticated");
            guest
        });
        attempts.collect()
    }
}

/// Subjects of tokens that strangers get.
const SUBJECTS: &[&str] = &[
    "repo:stranger/repository:ref:refs/heads/main",
    "repo:stranger/repository:environment:production",
    "repo:stranger/repository:pull_request",
    "project_path:stranger/repository:ref_type:branch:ref:main",
    "organization:stranger:project:stranger:workspace:stranger:run_phase:apply",
    "somebody",
];

/// Returns whether a provider is that of a Kubernetes cluster in EKS, which gives tokens to its own workloads only.
fn is_of_cluster(host: &str) -> bool {
    host.starts_with("oidc.eks.") && host.contains(".amazonaws.com")
}

/// Returns whether a pattern of subjects fits those of several owners: `repo:acme*` is `repo:acme-of-a-stranger/…` too.
fn is_open_to_owners(pattern: &str) -> bool {
    let (separator, place) = match pattern {
        of_path if of_path.starts_with("repo:") || of_path.starts_with("project_path:") => ('/', 0),
        of_path if of_path.starts_with("org/") => ('/', 1),
        _ => (':', 1),
    };
    let end = pattern.match_indices(separator).nth(place).map_or(pattern.len(), |(at, _)| at);
    is_pattern(&pattern[..end])
}

/// Returns whether a host, or a path of it, is a shared provider's.
fn is_below(host: &str, shared: &str) -> bool {
    let rest = host.to_ascii_lowercase();
    let rest = rest.strip_prefix(shared);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        || host.to_ascii_lowercase().ends_with(&format!(".{shared}"))
}

/// Claims of GitHub, GitLab and the like that name the owner of a workflow. A stranger's token has others.
const OWNER_CLAIMS: &[&str] = &[
    "enterprise",
    "enterprise_id",
    "job_workflow_ref",
    "namespace_id",
    "namespace_path",
    "organization_id",
    "project_id",
    "project_path",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "workspace_id",
];

/// The claims of tokens of one provider. Condition keys bear the provider's name.
struct Claims<'a> {
    host: &'a str,
    mentioned: &'a Mentioned,
}

impl Claims<'_> {
    /// The values that the policy wants of a claim.
    fn values(&self, claim: &str) -> impl Iterator<Item = &String> {
        let key = format!("{}:{claim}", self.host.to_ascii_lowercase());
        self.mentioned.values.get(&key).into_iter().flatten().take(MOST_CLAIMS)
    }

    fn audiences(&self) -> Vec<String> {
        APPLICATION_KEYS.iter().flat_map(|key| self.values(key)).map(|text| filled(text)).collect()
    }

    /// A stranger's token with a subject and an audience.
    fn of(&self, context: &RequestContext, subject: &str, audience: &str) -> RequestContext {
        let host = self.host;
        let context = context.clone().with_value(&format!("{host}:sub"), subject);
        let context = OWNER_CLAIMS
            .iter()
            .fold(context, |context, key| context.with_value(&format!("{host}:{key}"), "of-a-stranger"));
        APPLICATION_KEYS.iter().fold(context, |context, key| context.with_value(&format!("{host}:{key}"), audience))
    }
}
