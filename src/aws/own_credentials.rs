//! The backend's own credentials, as the SDK's chain of sources provides them.
//!
//! Blanks around them are removed, those that cannot be sent are refused, and a failure says which source failed, why, and
//! what to do. **Invariant:** makes no credentials: it only passes those of the chain.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future};
use futures::FutureExt;

use super::credential_cause::{cause_of, missing_profile};
use super::environment::{Environment, is_credential};
use super::error::{AwsError, AwsErrorKind};

/// Checks what another provider provides.
#[derive(Debug)]
pub(super) struct OwnCredentialsProvider {
    pub inner: SharedCredentialsProvider,
    pub environment: Arc<Environment>,
}

impl OwnCredentialsProvider {
    async fn credentials(&self) -> Result<Credentials, AwsError> {
        let environment = &self.environment;
        if !environment.problems.is_empty() {
            return Err(AwsError::new(AwsErrorKind::Misconfigured, environment.problems.to_string()));
        }
        // The SDK would go on to the identity of the machine.
        if let Some(missing) = missing_profile(environment) {
            return Err(missing);
        }
        // The SDK panics while it signs a request with some values, such as those of a process.
        let provided = AssertUnwindSafe(self.inner.provide_credentials()).catch_unwind().await;
        let provided = provided.map_err(|_| {
            let what = match &environment.endpoints.blank {
                Some(variable) => format!(
                    "{variable} is set and empty, with which the SDK cannot get the credentials of this profile: unset it"
                ),
                None => "the SDK failed while it asked for credentials: look at the access key of the profile and of its \
                         source, which must have no blanks and line ends within"
                    .to_owned(),
            };
            AwsError::new(AwsErrorKind::NoCredentials, what)
        })?;
        checked(provided.map_err(|error| cause_of(&error, environment))?)
    }
}

impl ProvideCredentials for OwnCredentialsProvider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(
            async move { self.credentials().await.map_err(CredentialsError::provider_error) },
        )
    }
}

/// Returns the credentials without blanks around them.
#[expect(clippy::disallowed_methods, reason = "the same credentials, without the blanks around them")]
fn checked(credentials: Credentials) -> Result<Credentials, AwsError> {
    let parts = [
        ("access key id", Some(credentials.access_key_id())),
        ("secret access key", Some(credentials.secret_access_key())),
        ("session token", credentials.session_token()),
    ];
    let texts = || parts.iter().filter_map(|(name, text)| Some((*name, (*text)?)));
    if let Some((name, _)) = texts().find(|(_, text)| !text.trim().is_empty() && !is_credential(text.trim())) {
        let what = format!("the {name} of the own credentials has a blank or a character that none has: set it again");
        return Err(AwsError::new(AwsErrorKind::NoCredentials, what));
    }
    if texts().all(|(_, text)| text == text.trim() && !text.is_empty()) {
        return Ok(credentials);
    }
    let trimmed = |text: &str| text.trim().to_owned();
    if credentials.access_key_id().trim().is_empty() || credentials.secret_access_key().trim().is_empty() {
        let what = "the access key of the own credentials is empty: set it again";
        return Err(AwsError::new(AwsErrorKind::NoCredentials, what));
    }
    let mut cleaned = Credentials::builder()
        .access_key_id(trimmed(credentials.access_key_id()))
        .secret_access_key(trimmed(credentials.secret_access_key()))
        .provider_name("rolecall");
    cleaned.set_session_token(credentials.session_token().map(trimmed).filter(|token| !token.is_empty()));
    cleaned.set_expiry(credentials.expiry());
    cleaned.set_account_id(credentials.account_id().cloned());
    Ok(cleaned.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test makes credentials of its own")]
    fn credentials_are_trimmed_or_refused() {
        let credentials = |id: &str, secret: &str, token: &str| {
            checked(Credentials::new(id, secret, Some(token.to_owned()), None, "a test"))
        };
        let clean = credentials(" AKID\r\n", "secret\n", "\ttoken ").expect("clean");
        let parts = (clean.access_key_id(), clean.secret_access_key(), clean.session_token());
        assert_eq!(parts, ("AKID", "secret", Some("token")));
        assert_eq!(credentials("AKID", "secret", " ").expect("clean").session_token(), None);
        for (id, secret, token) in
            [("AK\rID", "s", "t"), ("A", "se cret", "t"), ("A", "s", "to\nken"), ("ÄKID", "s", "t"), ("\n", "s", "t")]
        {
            let refused = credentials(id, secret, token).expect_err("it cannot be sent");
            assert_eq!(refused.kind, AwsErrorKind::NoCredentials);
            assert!(!refused.message.contains("se cret"), "{refused}");
        }
    }
}
