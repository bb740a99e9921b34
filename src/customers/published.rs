//! `published.json`: the role for customers to trust, and where their template and their Terraform module lie. `make deploy` writes it beside the
//! registry.
//!
//! A writer of that folder could have customers trust a role, or create a role from a template, of their own. So the role
//! must be of the account that STS returns, unless the operator names it. The template must be that of this version, and
//! must lie where `make deploy` puts it for the role's account.

use std::time::Duration;

use aws_config::SdkConfig;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::aws::Identity;
use crate::domain::{Arn, RoleArn, partition};
use crate::error::{Error, ErrorKind};
use crate::input::quoted;
use crate::store::Store;

/// What to do about a template that is refused.
const ADVICE: &str = "Find out who wrote it; run `make deploy` with this version, or give --template-url URL";

/// What was published. Its form is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Published {
    pub backend_role: RoleArn,
    /// The URL from which CloudFormation reads the customer's template.
    pub template_url: String,
    /// The template's SHA-256, in hexadecimal.
    template_sha256: String,
    /// The SHA-256 of the packed Terraform module, which lies beside the template. Earlier deployments have none.
    module_sha256: Option<String>,
    /// The address of the file.
    place: String,
}

#[derive(Deserialize)]
struct PublishedFile {
    backend_role_arn: String,
    template_url: String,
    template_sha256: String,
    #[serde(default)]
    module_sha256: Option<String>,
}

impl Published {
    /// Reads the file at the address `place`, for a backend in this partition.
    pub(crate) fn read(bytes: &[u8], place: &str, partition: &str) -> Result<Self, Error> {
        let wrong = |what: String| {
            let message = format!("{place} is not what `make deploy` writes: {what}");
            Error::new(ErrorKind::RegistryUnreadable, message)
        };
        let file: PublishedFile = serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
        let backend_role = RoleArn::in_partition(&file.backend_role_arn, partition)
            .map_err(|error| wrong(format!("backend_role_arn {error}")))?;
        let PublishedFile { template_url, template_sha256, module_sha256, .. } = file;
        let is_hash = template_sha256.len() == 64
            && template_sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !is_hash {
            return Err(wrong("template_sha256 is no SHA-256 in lowercase hexadecimal".into()));
        }
        Ok(Self { backend_role, template_url, template_sha256, module_sha256, place: place.to_owned() })
    }

    /// Refuses a role of another account or partition than the caller's.
    pub(crate) fn require_account(&self, identity: &Identity) -> Result<(), Error> {
        let role = &self.backend_role;
        let same_partition = identity.arn.parse::<Arn>().is_ok_and(|arn| arn.partition == role.partition);
        if role.account_id.as_str() == identity.account_id && same_partition {
            return Ok(());
        }
        Err(self.refused(&format!(
            "names {role} as the role for customers to trust, and this runs as {}, of another account. Find out who wrote \
             it; deploy again, or give --backend-role ARN",
            identity.arn
        )))
    }

    /// Refuses a template that is not the one with this SHA-256, or that lies elsewhere than `make deploy` puts it.
    /// Returns why the template could not be read, if its content could not be compared.
    pub(crate) async fn verify_template(
        &self,
        sha256: &str,
        config: &SdkConfig,
        timeout: Duration,
    ) -> Result<Option<String>, Error> {
        if self.template_sha256 != sha256 {
            return Err(self.refused(&format!(
                "names a template with the SHA-256 {}, which is not this version's, {sha256}. {ADVICE}",
                self.template_sha256
            )));
        }
        let (folder, name) = self.template_object(config.endpoint_url())?;
        self.verify_object((&folder, &name), sha256, config, timeout).await
    }

    /// Returns the source of the packed module for Terraform. `None` if the module with this SHA-256, that of this version,
    /// is not published or cannot be read, or if Terraform cannot: it knows the bucket hosts of amazonaws.com alone.
    pub(crate) async fn module_source(
        &self,
        sha256: &str,
        config: &SdkConfig,
        timeout: Duration,
    ) -> Result<Option<String>, Error> {
        if self.module_sha256.as_deref() != Some(sha256) {
            return Ok(None);
        }
        let (folder, template) = self.template_object(config.endpoint_url())?;
        let module = format!("{sha256}.zip");
        let unread = self.verify_object((&folder, &module), sha256, config, timeout).await?;
        let base = self.template_url.strip_suffix(&template).filter(|base| base.contains(".amazonaws.com/"));
        Ok(base.filter(|_| unread.is_none()).map(|base| format!("s3::{base}{module}")))
    }

    /// Refuses an object with another content. Returns why it could not be read, if it could not.
    async fn verify_object(
        &self,
        (folder, name): (&str, &str),
        sha256: &str,
        config: &SdkConfig,
        timeout: Duration,
    ) -> Result<Option<String>, Error> {
        let store = Store::open(folder, config, timeout, None);
        let store = store.map_err(|error| self.refused(&format!("names the template {error}")))?;
        let what = match store.read(name).await {
            Ok(Some(object)) if hex::encode(Sha256::digest(&object.bytes)) == sha256 => return Ok(None),
            Ok(Some(_)) => "which has another SHA-256 than it says",
            Ok(None) => "which is not there",
            Err(error) => return Ok(Some(error.to_string())),
        };
        let object = match name.strip_suffix(".zip") {
            Some(_) => format!("the module {folder}/{name}"),
            None => format!("the template {}", quoted(&self.template_url)),
        };
        Err(self.refused(&format!("names {object}, {what}. {ADVICE}")))
    }

    /// Returns the folder (`s3://bucket/key`) of the template and its name there.
    fn template_object(&self, endpoint: Option<&str>) -> Result<(String, String), Error> {
        let name = format!("{}.yaml", self.template_sha256);
        match self.parts_of_url(endpoint) {
            Some((bucket, region, key))
                if self.is_deployed_to(bucket, region) && key.strip_prefix("customer-role/") == Some(&name) =>
            {
                Ok((format!("s3://{bucket}/customer-role"), name))
            }
            _ => Err(self.refused(&format!(
                "names the template {}, which is not where `make deploy` puts it: customer-role/{name} in a bucket \
                 <name>-customers-{}-<region>. {ADVICE}",
                quoted(&self.template_url),
                self.backend_role.account_id
            ))),
        }
    }

    /// Returns whether `make deploy` makes a bucket of this name for the templates: `<Name>-customers-<account>-<region>`.
    fn is_deployed_to(&self, bucket: &str, region: Option<&str>) -> bool {
        let Some((name, rest)) = bucket.split_once(&format!("-customers-{}-", self.backend_role.account_id)) else {
            return false;
        };
        let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        !name.is_empty() && bucket.bytes().all(is_plain) && region.is_none_or(|region| region == rest)
    }

    /// Returns the bucket, the region and the key of the URL. An emulator has one endpoint, and no regions in its URLs.
    fn parts_of_url(&self, endpoint: Option<&str>) -> Option<(&str, Option<&str>, &str)> {
        let url = &self.template_url;
        if let Some(path) = endpoint.and_then(|endpoint| url.strip_prefix(endpoint.trim_end_matches('/'))) {
            let (bucket, key) = path.strip_prefix('/')?.split_once('/')?;
            return Some((bucket, None, key));
        }
        let suffix = partition(&self.backend_role.partition)?.dns_suffix;
        let (host, key) = url.strip_prefix("https://")?.split_once('/')?;
        let (bucket, region) = host.strip_suffix(suffix)?.strip_suffix('.')?.split_once(".s3.")?;
        Some((bucket, Some(region), key))
    }

    fn refused(&self, what: &str) -> Error {
        Error::new(ErrorKind::InvalidRegistry, format!("{} {what}", self.place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn published(role: &str, url: &str) -> Result<Published, Error> {
        let file = serde_json::json!({
            "version": 1, "backend_role_arn": role, "template_url": url, "template_sha256": SHA256,
        });
        let partition = if role.starts_with("arn:aws-cn:iam:") { "aws-cn" } else { "aws" };
        Published::read(file.to_string().as_bytes(), "s3://registry/published.json", partition)
    }

    #[test]
    fn a_file_that_deploy_does_not_write_is_refused() {
        for role in ["", "x", "arn:aws:iam::999999999999:user/x", "arn:aws-us-gov:iam::999999999999:role/x"] {
            let refused = published(role, "").unwrap_err();
            assert_eq!(refused.kind, ErrorKind::RegistryUnreadable, "{role}");
            assert!(refused.message.contains("published.json") && refused.message.contains("make deploy"), "{refused}");
        }
        let file = |sha256: &str| {
            let text = format!(
                r#"{{"backend_role_arn":"arn:aws:iam::999999999999:role/r","template_url":"","template_sha256":"{sha256}"}}"#
            );
            Published::read(text.as_bytes(), "published.json", "aws")
        };
        assert!(file(SHA256).is_ok());
        for sha256 in ["", "x", &SHA256[1..], &SHA256.to_uppercase()] {
            assert!(file(sha256).is_err(), "{sha256}");
        }
        for text in ["", "{}", "[]", "null", "{\"backend_role_arn\":1}"] {
            assert!(Published::read(text.as_bytes(), "published.json", "aws").is_err(), "{text}");
        }
    }

    #[test]
    fn a_role_of_another_account_or_partition_is_refused() {
        let published = published("arn:aws:iam::999999999999:role/rolecall-backend", "").unwrap();
        let identity = |partition: &str, account: &str| Identity {
            account_id: account.into(),
            arn: format!("arn:{partition}:sts::{account}:assumed-role/operator/me"),
            unique_id: None,
        };
        assert!(published.require_account(&identity("aws", "999999999999")).is_ok());
        assert!(published.require_account(&identity("aws-cn", "999999999999")).is_err());
        let refused = published.require_account(&identity("aws", "666666666666")).unwrap_err();
        assert_eq!(refused.kind, ErrorKind::InvalidRegistry);
        insta::assert_snapshot!(refused, @"s3://registry/published.json names arn:aws:iam::999999999999:role/rolecall-backend as the role for customers to trust, and this runs as arn:aws:sts::666666666666:assumed-role/operator/me, of another account. Find out who wrote it; deploy again, or give --backend-role ARN");
    }

    #[test]
    fn only_a_template_where_deploy_puts_it_is_believed() {
        let found = |role: &str, url: &str, endpoint: Option<&str>| {
            published(role, url).unwrap().template_object(endpoint).map(|(folder, name)| format!("{folder}/{name}"))
        };
        let (role, in_china) = ("arn:aws:iam::999999999999:role/r", "arn:aws-cn:iam::999999999999:role/r");
        let key = format!("customer-role/{SHA256}.yaml");
        let bucket = "rolecall-customers-999999999999-eu-central-1";
        let url = format!("https://{bucket}.s3.eu-central-1.amazonaws.com/{key}");
        assert_eq!(found(role, &url, None).unwrap(), format!("s3://{bucket}/{key}"));
        let of_china = url.replace("eu-central-1", "cn-north-1").replace("amazonaws.com", "amazonaws.com.cn");
        assert!(found(in_china, &of_china, None).is_ok());
        let emulated = format!("http://127.0.0.1:5000/{bucket}/{key}");
        assert!(found(role, &emulated, Some("http://127.0.0.1:5000/")).is_ok());
        for url in [
            emulated,
            of_china,
            String::new(),
            url.replace("https:", "http:"),
            url.replace("999999999999", "666666666666"),
            url.replace("amazonaws.com", "amazonaws.com.example.org"),
            url.replace("amazonaws.com", "amazonaws.org"),
            url.replace("amazonaws.com/", "amazonaws.com:443@evil.example/"),
            url.replace(".s3.eu-central-1", ".s3.eu-west-1"),
            url.replace("rolecall-customers", "-customers").replace("rolecall", ""),
            url.replace(SHA256, &SHA256.replace('e', "f")),
            url.replace("customer-role/", "other/"),
            format!("{url}?x=1"),
            url.replace("https://", "https://evil.example@"),
            url.replace("https://", "https://evil.example/"),
            url.replace(bucket, "results.evil"),
            url.replace(&key, "../x.yaml"),
            format!("https://registry.s3.eu-central-1.amazonaws.com/{key}"),
        ] {
            assert!(found(role, &url, None).is_err(), "{url}");
        }
    }

    #[tokio::test]
    async fn only_the_module_of_this_version_is_named() {
        let published = |module: serde_json::Value| {
            let url = format!(
                "https://rolecall-customers-999999999999-eu-central-1.s3.eu-central-1.amazonaws.com/customer-role/{SHA256}.yaml"
            );
            let file = serde_json::json!({
                "version": 1, "backend_role_arn": "arn:aws:iam::999999999999:role/r", "template_url": url,
                "template_sha256": SHA256, "module_sha256": module,
            });
            Published::read(file.to_string().as_bytes(), "published.json", "aws").unwrap()
        };
        let (config, timeout) = (SdkConfig::builder().build(), Duration::from_secs(1));
        for other in [serde_json::json!(null), serde_json::json!(SHA256.replace('e', "f")), serde_json::json!("")] {
            assert_eq!(published(other).module_source(SHA256, &config, timeout).await, Ok(None));
        }
        // Where a stranger has put the template, no module is looked for.
        let moved =
            Published { template_url: "https://example.org/x.yaml".into(), ..published(serde_json::json!(SHA256)) };
        assert!(moved.module_source(SHA256, &config, timeout).await.is_err());
    }

    #[tokio::test]
    async fn a_template_of_another_version_is_refused() {
        let published = published("arn:aws:iam::999999999999:role/r", "").unwrap();
        let config = SdkConfig::builder().build();
        let refused = published.verify_template(&"0".repeat(64), &config, Duration::from_secs(1)).await.unwrap_err();
        assert!(refused.message.contains("not this version's") && refused.message.contains("make deploy"), "{refused}");
    }
}
