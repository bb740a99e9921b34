//! The attempts of federated users and of services.
//!
//! **Invariant:** evaluates nothing. Which identity providers serve everybody is a list, each with its source.

use super::attempts::{EntryAttempt, GivenId, sent_directly};
use super::mentioned::{Mentioned, filled};
use super::{CallerClass, Safety, TrustSubject};
use crate::input::quoted;
use crate::onboarding::iam_policy::evaluate::{Caller, RequestContext};
use crate::onboarding::iam_policy::is_pattern;

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

/// The account of a stranger for whom a service of AWS may act.
const STRANGER: &str = "518204739162";

pub(super) fn of_others(subject: &TrustSubject<'_>, mentioned: &Mentioned) -> Vec<EntryAttempt> {
    // A statement for everyone is for strangers with a token of whatever provider, too.
    let of_everyone =
        ["accounts.google.com".to_owned(), format!("arn:aws:iam::{STRANGER}:saml-provider/of-a-stranger")];
    let of_everyone = of_everyone.iter().filter(|_| mentioned.everyone);
    let providers = mentioned.providers.iter().take(MOST_PROVIDERS).chain(of_everyone);
    let federated = providers.flat_map(|provider| of_provider(provider, subject, mentioned));
    let any_service = [ANY_SERVICE.to_owned()];
    let services = mentioned.services.iter().chain(any_service.iter().filter(|_| mentioned.everyone));
    let services = services.flat_map(|service| of_service(service, subject, mentioned));
    federated.chain(services).collect()
}

/// The account of a service itself, which is no customer's.
const SERVICE_ACCOUNT: &str = "518204739161";

/// A service for statements that are for everyone.
const ANY_SERVICE: &str = "any.amazonaws.com";

/// Keys that only a signed call has.
const UNSIGNED: &[&str] = &["aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths"];

fn of_provider(provider: &str, subject: &TrustSubject<'_>, mentioned: &Mentioned) -> Vec<EntryAttempt> {
    let who = if mentioned.providers.contains(provider) {
        format!("a user of the identity provider {}", quoted(provider))
    } else {
        "a user of an identity provider that the policy does not name".to_owned()
    };
    let attempt = |action, context, if_in| EntryAttempt {
        class: CallerClass::Federated,
        who: who.clone(),
        caller: Caller::Federated(provider.to_owned()),
        given: GivenId::None,
        action,
        context,
        if_in,
    };
    let host = provider.split_once(":oidc-provider/").map_or(provider, |(_, host)| host);
    let is_arn = provider.starts_with("arn:");
    let is_of_customer = provider.split(':').nth(4) == Some(subject.account.as_str());
    // These calls are not signed by an identity of AWS.
    let context = sent_directly().with_absent(crate::onboarding::iam_policy::EXTERNAL_ID);
    let context = UNSIGNED.iter().fold(context, |context, key| context.with_absent(key));
    if is_arn && !is_of_customer {
        // The account of the provider decides who signs in, and with which claims.
        let action = if provider.contains(":saml-provider/") {
            "sts:AssumeRoleWithSAML"
        } else {
            "sts:AssumeRoleWithWebIdentity"
        };
        return vec![attempt(action, context, Safety::Unsafe)];
    }
    if provider.contains(":saml-provider/") {
        // The customer's own directory decides who signs in; `SAML:aud` ties its answers to AWS.
        let elsewhere = context.clone().with_value("SAML:aud", "https://elsewhere.example/saml");
        return vec![
            attempt("sts:AssumeRoleWithSAML", context, Safety::Safe),
            attempt("sts:AssumeRoleWithSAML", elsewhere, Safety::Weak),
        ];
    }
    let claims = Claims { host, mentioned };
    let own_audiences = claims.audiences();
    let is_shared = SHARED_PROVIDERS.iter().any(|shared| is_below(host, shared)) || !is_arn;
    if !is_shared {
        // Only the customer's own audience tells whether others get tokens of this provider. A cluster's are the customer's.
        let unpinned = if is_of_cluster(host) { Safety::Weak } else { Safety::Unsafe };
        let stranger = claims.of(&context, "somebody", "somebody");
        let mut attempts = vec![attempt("sts:AssumeRoleWithWebIdentity", stranger, unpinned)];
        attempts.extend(own_audiences.iter().map(|audience| {
            attempt("sts:AssumeRoleWithWebIdentity", claims.of(&context, "somebody", audience), Safety::Weak)
        }));
        return attempts;
    }
    // Strangers choose the audience where a workflow asks for its token, and have applications of their own elsewhere.
    let audiences: Vec<String> = match host {
        "token.actions.githubusercontent.com" | "gitlab.com" | "app.terraform.io" | "agent.buildkite.com" => {
            own_audiences.iter().cloned().chain(["sts.amazonaws.com".to_owned()]).collect()
        }
        _ => vec!["application-of-a-stranger".to_owned()],
    };
    let subjects = [
        "repo:stranger/repository:ref:refs/heads/main",
        "repo:stranger/repository:environment:production",
        "repo:stranger/repository:pull_request",
        "project_path:stranger/repository:ref_type:branch:ref:main",
        "organization:stranger:project:stranger:workspace:stranger:run_phase:apply",
        "somebody",
    ];
    let listed = claims.values("sub");
    let of_strangers: Vec<String> =
        listed.filter(|pattern| is_open_to_owners(pattern)).take(MOST_CLAIMS).map(|pattern| filled(pattern)).collect();
    let subjects: Vec<&str> = subjects.into_iter().chain(of_strangers.iter().map(String::as_str)).collect();
    let all = audiences.iter().flat_map(|audience| subjects.iter().map(move |subject| (audience, *subject)));
    let attempts = all.map(|(audience, subject)| {
        attempt("sts:AssumeRoleWithWebIdentity", claims.of(&context, subject, audience), Safety::Unsafe)
    });
    let mut attempts: Vec<EntryAttempt> = attempts.collect();
    // Whoever signs in to the customer's own application.
    if !is_arn {
        let names_guests = claims.values("amr").any(|value| filled(value).contains("unauth"));
        let if_in = if names_guests { Safety::Unsafe } else { Safety::Weak };
        attempts.extend(own_audiences.iter().map(|audience| {
            let guest = claims.of(&context, "somebody", audience).with_value(&format!("{host}:amr"), "unauthenticated");
            attempt("sts:AssumeRoleWithWebIdentity", guest, if_in)
        }));
    }
    attempts
}

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

/// A service of AWS acts for whoever uses it. Without a condition on the source it may do so for a stranger.
fn of_service(service: &str, subject: &TrustSubject<'_>, mentioned: &Mentioned) -> Vec<EntryAttempt> {
    let own = subject.account;
    let mut accounts: Vec<String> =
        mentioned.accounts.iter().filter(|account| *account != own).map(ToString::to_string).collect();
    accounts.push(STRANGER.to_owned());
    let partition = &subject.backend.partition;
    let short = service.split('.').next().unwrap_or_default();
    let sources = accounts.into_iter().flat_map(|account| {
        let made_up = format!("arn:{partition}:{short}:us-east-1:{account}:thing/of-a-stranger");
        let listed = mentioned.values.get("aws:sourcearn").into_iter().flatten().take(MOST_CLAIMS);
        let listed = listed.filter_map(|pattern| of_account(pattern, &account));
        listed.chain([made_up]).map(|source| (account.clone(), source)).collect::<Vec<_>>()
    });
    let attempts = sources.map(|(account, source)| {
        let context = sent_directly()
            .with_absent(crate::onboarding::iam_policy::EXTERNAL_ID)
            .with_value("aws:PrincipalAccount", SERVICE_ACCOUNT)
            .with_value("aws:SourceAccount", &account)
            .with_value("aws:SourceArn", &source);
        EntryAttempt {
            class: CallerClass::Service,
            who: if service == ANY_SERVICE {
                "any service of AWS, for any of its customers,".to_owned()
            } else {
                format!("the service {}, for any of its customers,", quoted(service))
            },
            caller: Caller::Service(service.to_owned()),
            given: GivenId::None,
            action: "sts:AssumeRole",
            context,
            if_in: Safety::Weak,
        }
    });
    attempts.collect()
}

/// The ARN of a resource of an account that a pattern matches, if the pattern leaves the account open.
fn of_account(pattern: &str, account: &str) -> Option<String> {
    let mut parts: Vec<&str> = pattern.splitn(6, ':').collect();
    let open = parts.get_mut(4).filter(|part| is_pattern(part))?;
    *open = account;
    Some(filled(&parts.join(":")))
}
