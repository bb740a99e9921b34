//! What `make deploy` publishes next to the registry: the role that customers trust, and their template.
//!
//! Whoever may write there could name a role or a template of their own, which customers would then trust. So it is
//! compared with what is known otherwise.

use serde::{Deserialize, Serialize};

use crate::domain::RoleArn;
use crate::input::quoted;

/// The content of `published.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Published {
    /// The ARN of `backend_role`.
    pub backend_role_arn: String,
    /// The URL from which CloudFormation reads the customer's template.
    pub template_url: String,
    /// The template's SHA-256, in hexadecimal.
    pub template_sha256: String,
}

impl Published {
    /// Returns the role. It must be in the account of the caller, who deploys and operates the backend there.
    pub(crate) fn role_in(&self, account_id: &str) -> Result<RoleArn, String> {
        let arn = &self.backend_role_arn;
        let role: RoleArn = arn.parse().map_err(|error| format!("its role cannot be read: {error}"))?;
        if role.account_id.as_str() == account_id {
            return Ok(role);
        }
        Err(format!(
            "it names {arn}, a role of another account than yours, {account_id}. If customers should trust that role, give \
             --backend-role {arn}"
        ))
    }

    /// Checks that the template is that of this version, in the bucket of the backend's account. `endpoint` is where an
    /// emulator serves all buckets.
    pub(crate) fn check_template(&self, sha256: &str, role: &RoleArn, endpoint: Option<&str>) -> Result<(), String> {
        let way_out = "Run `make deploy` with this version, or give --template-url";
        if self.template_sha256 != sha256 {
            let published = quoted(&self.template_sha256);
            return Err(format!(
                "its template has the SHA-256 {published}, and this version's has {sha256}. {way_out}"
            ));
        }
        let of_account = format!("-customers-{}-", role.account_id);
        let key = format!("customer-role/{sha256}.yaml");
        match self.template_object(endpoint) {
            Some((bucket, found)) if bucket.contains(&of_account) && found == key => Ok(()),
            _ => {
                let url = quoted(&self.template_url);
                Err(format!("its template {url} is not {key} in a bucket <name>{of_account}<region>. {way_out}"))
            }
        }
    }

    /// Returns the bucket and the key in the template's URL: `https://<bucket>.s3.<region>.<suffix>/<key>`.
    fn template_object(&self, endpoint: Option<&str>) -> Option<(&str, &str)> {
        let url = self.template_url.as_str();
        if let Some(rest) = endpoint.and_then(|endpoint| url.strip_prefix(endpoint.trim_end_matches('/'))) {
            return rest.strip_prefix('/')?.split_once('/');
        }
        let (host, key) = url.strip_prefix("https://")?.split_once('/')?;
        let (bucket, service) = host.split_once(".s3.")?;
        let of_host = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
        let (_, suffix) = service.split_once('.')?;
        let is_aws = ["amazonaws.com", "amazonaws.com.cn", "amazonaws.eu"].contains(&suffix);
        (host.bytes().all(of_host) && is_aws).then_some((bucket, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256: &str = "5eb63bbbe01eeed093cb22bb8f5acdc3e5eb63bbbe01eeed093cb22bb8f5acdc";

    fn published(url: &str) -> Published {
        Published {
            backend_role_arn: "arn:aws:iam::999999999999:role/rolecall-backend".into(),
            template_url: url.into(),
            template_sha256: SHA256.into(),
        }
    }

    #[test]
    fn another_account_is_refused() {
        let right = published("");
        assert_eq!(right.role_in("999999999999").unwrap().to_string(), right.backend_role_arn);
        let refused = right.role_in("111122223333").unwrap_err();
        assert!(refused.contains("a role of another account than yours, 111122223333"), "{refused}");
        let none = Published { backend_role_arn: "rolecall-backend".into(), ..right };
        assert!(none.role_in("999999999999").is_err());
    }

    #[test]
    fn another_template_is_refused() {
        let role: RoleArn = "arn:aws:iam::999999999999:role/rolecall-backend".parse().unwrap();
        let check = |url: &str, endpoint: Option<&str>| published(url).check_template(SHA256, &role, endpoint);
        let host = "https://rolecall-customers-999999999999-eu-west-1.s3.eu-west-1.amazonaws.com";
        let path = format!("/customer-role/{SHA256}.yaml");
        assert_eq!(check(&format!("{host}{path}"), None), Ok(()));
        assert_eq!(check(&format!("{host}.cn{path}"), None), Ok(()));
        let emulated = format!("http://localhost:4566/rolecall-customers-999999999999-eu-west-1{path}");
        assert_eq!(check(&emulated, Some("http://localhost:4566/")), Ok(()));
        for url in [
            String::new(),
            emulated.clone(),
            format!("{host}/customer-role/other.yaml"),
            format!("{host}.evil.example{path}"),
            format!("{host}:443@evil.example{path}"),
            format!("https://evil.example/x.s3.eu-west-1.amazonaws.com{path}"),
            format!("https://evil-customers-888888888888-eu-west-1.s3.eu-west-1.amazonaws.com{path}"),
            format!("{}{path}", host.replace("https", "http")),
            format!("{host}{path}?x=y"),
        ] {
            assert!(check(&url, None).is_err(), "{url}");
        }
        let other = published(&format!("{host}{path}")).check_template(&"0".repeat(64), &role, None);
        assert!(other.unwrap_err().contains("make deploy"));
    }
}
