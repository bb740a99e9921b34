//! The invitation for a customer's administrator: the same role as a link, as an AWS CLI command, as Terraform, and as a
//! StackSet for a whole organization. Only invitations and the registry show an external ID: the customer needs it.
//!
//! **Invariant:** neither reads nor writes anything. Knows the parameters of `infra/customer-role.yaml`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::catalogue::Scope;
use crate::customers::DEFAULT_ROLE_NAME;
use crate::domain::{AccountId, Partition, RoleArn, partition};

/// The customer's template of this version of rolecall.
const TEMPLATE: &str = include_str!("../../infra/customer-role.yaml");
/// The customer's Terraform module of this version, packed.
const MODULE: &[u8] = include_bytes!("../../infra/terraform/customer-role.zip");
/// The name of the customer's stack.
const STACK: &str = "rolecall";
/// All characters but the unreserved ones of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// An invitation to trust `backend_role`, for one customer's accounts.
#[derive(Clone, Debug)]
pub(crate) struct Invitation {
    pub accounts: Vec<AccountId>,
    /// The external ID that the role requires.
    pub external_id: SecretString,
    /// The role that the customer trusts.
    pub backend_role: RoleArn,
    /// The name of the role to create.
    pub role_name: String,
    /// Its path: `/`, or `/team/`.
    pub role_path: String,
    /// What the role grants.
    pub scope: Scope,
    /// Whether the role may read itself.
    pub self_read: bool,
    /// The region of the stack; the role itself has none.
    pub region: String,
    /// The template's URL, if it was published.
    pub template_url: Option<String>,
    /// The source of the packed Terraform module, if it was published.
    pub module_source: Option<String>,
}

/// Returns the SHA-256 of this version's customer template, in hexadecimal.
pub(crate) fn template_sha256() -> String {
    hex::encode(Sha256::digest(TEMPLATE.as_bytes()))
}

/// Returns the SHA-256 of this version's packed Terraform module, in hexadecimal.
pub(crate) fn module_sha256() -> String {
    hex::encode(Sha256::digest(MODULE))
}

impl Invitation {
    /// Returns the template's parameters, without those that have their default.
    fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = vec![
            ("BackendAccountId", self.backend_role.account_id.to_string()),
            ("BackendRoleName", self.backend_role.path_and_name.clone()),
            ("ExternalId", self.external_id.expose_secret().to_owned()),
        ];
        if self.role_name != DEFAULT_ROLE_NAME {
            parameters.push(("RoleName", self.role_name.clone()));
        }
        if self.role_path != "/" {
            parameters.push(("RolePath", self.role_path.clone()));
        }
        if self.scope != Scope::All {
            parameters.push(("Scope", self.scope.as_str().to_owned()));
        }
        if self.self_read {
            parameters.push(("SelfRead", "yes".to_owned()));
        }
        parameters
    }

    fn partition(&self) -> Option<&'static Partition> {
        partition(&self.backend_role.partition)
    }

    /// Returns the link that opens CloudFormation's console with all parameters filled in; none if no template is published.
    pub(crate) fn link(&self) -> Option<String> {
        let encoded = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
        let url = self.template_url.as_deref()?;
        let (host, region) = (self.partition()?.console_host, &self.region);
        let mut link = format!(
            "https://{host}/cloudformation/home?region={region}#/stacks/create/review?templateURL={}&stackName={STACK}",
            encoded(url)
        );
        for (name, value) in self.parameters() {
            link.push_str(&format!("&param_{name}={}", encoded(&value)));
        }
        Some(link)
    }

    /// Returns the AWS CLI command that creates the stack.
    pub(crate) fn command(&self) -> String {
        let region = &self.region;
        match &self.template_url {
            Some(url) => {
                let parameters = self.parameters();
                let parameters = parameters.iter().map(in_shorthand);
                let url = shell(url);
                format!(
                    "aws cloudformation create-stack --region {region} --stack-name {STACK} --capabilities \
                     CAPABILITY_NAMED_IAM \\\n    --template-url {url} \\\n    --parameters {}",
                    parameters.collect::<Vec<_>>().join(" \\\n        ")
                )
            }
            None => {
                let parameters = self.parameters();
                let parameters = parameters.iter().map(|(name, value)| shell(&format!("{name}={value}")));
                format!(
                    "aws cloudformation deploy --region {region} --stack-name {STACK} --capabilities CAPABILITY_NAMED_IAM \
                     \\\n    --template-file customer-role.yaml \\\n    --parameter-overrides {}",
                    parameters.collect::<Vec<_>>().join(" \\\n        ")
                )
            }
        }
    }

    /// Returns the Terraform module block: of the published module, or of a copy of `infra/terraform/customer-role`.
    pub(crate) fn terraform(&self) -> String {
        let source = self.module_source.clone().unwrap_or_else(|| "./customer-role".to_owned());
        let mut lines = vec![("source", source)];
        for (name, value) in self.parameters() {
            let name = match name {
                "BackendAccountId" => "backend_account_id",
                "BackendRoleName" => "backend_role_name",
                "ExternalId" => "external_id",
                "RoleName" => "role_name",
                "RolePath" => "role_path",
                "SelfRead" => "self_read",
                _ => "scope",
            };
            lines.push((name, value));
        }
        let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        // Terraform reads `$${` and `%%{` as literal text, and would expand the single forms.
        let literal = |value: &str| serde_json::json!(value).to_string().replace("${", "$${").replace("%{", "%%{");
        let lines = lines.into_iter().map(|(name, value)| format!("  {name:<width$} = {}\n", literal(&value)));
        format!("module \"{STACK}\" {{\n{}}}", lines.collect::<String>())
    }

    /// Returns the AWS CLI commands that create a StackSet for all accounts of an organization. It is created in the management
    /// account, or by a delegated administrator. Such a StackSet leaves out the management account itself.
    pub(crate) fn stack_set(&self) -> String {
        let region = &self.region;
        let template = match &self.template_url {
            Some(url) => format!("--template-url {}", shell(url)),
            None => "--template-body file://customer-role.yaml".to_owned(),
        };
        let parameters = self.parameters();
        let parameters = parameters.iter().map(in_shorthand);
        format!(
            "aws cloudformation create-stack-set --region {region} --stack-set-name {STACK} --permission-model \
             SERVICE_MANAGED \\\n    --auto-deployment Enabled=true,RetainStacksOnAccountRemoval=false --managed-execution \
             Active=true \\\n    --capabilities CAPABILITY_NAMED_IAM \\\n    {template} \\\n    --parameters {}\n\
             aws cloudformation create-stack-instances --region {region} --stack-set-name {STACK} --regions {region} \\\n    \
             --deployment-targets OrganizationalUnitIds=THE-ROOT-OR-UNITS \\\n    \
             --operation-preferences FailureTolerancePercentage=100,MaxConcurrentPercentage=100",
            parameters.collect::<Vec<_>>().join(" \\\n        ")
        )
    }
}

/// Returns a parameter in the AWS CLI's shorthand syntax. Commas are escaped, since they separate members.
fn in_shorthand((name, value): &(&str, String)) -> String {
    shell(&format!("ParameterKey={name},ParameterValue={}", value.replace(',', "\\,")))
}

/// Quotes a word for a shell, if it needs quotes.
pub(crate) fn shell(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-+=.,:/@%".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invitation(partition: &str, template: bool) -> Invitation {
        Invitation {
            accounts: vec!["111122223333".parse().unwrap()],
            external_id: "0f8fad5b-d9cb-469f-a165-70867728950e".into(),
            backend_role: format!("arn:{partition}:iam::999999999999:role/team/rolecall-backend").parse().unwrap(),
            role_name: DEFAULT_ROLE_NAME.into(),
            role_path: "/".into(),
            scope: Scope::All,
            self_read: false,
            region: if partition == "aws-cn" { "cn-north-1".into() } else { "eu-central-1".into() },
            template_url: template.then(|| "https://b.s3.eu-central-1.amazonaws.com/customer-role/x.yaml".into()),
            module_source: template.then(|| "s3::https://b.s3.eu-central-1.amazonaws.com/customer-role/y.zip".into()),
        }
    }

    #[test]
    fn an_invitation_says_the_same_in_every_form() {
        let one = invitation("aws", true);
        let other = Invitation {
            external_id: "a,b:/x".into(),
            role_name: "inventory".into(),
            role_path: "/team/".into(),
            scope: Scope::Dns,
            self_read: true,
            template_url: Some("https://b.s3.cn-north-1.amazonaws.com.cn/x.yaml?a=1&b='2'".into()),
            module_source: None,
            ..invitation("aws-cn", true)
        };
        let all = [
            one.link().unwrap(),
            one.command(),
            invitation("aws", false).command(),
            one.terraform(),
            one.stack_set(),
            other.link().unwrap(),
            other.command(),
            other.terraform(),
        ];
        insta::assert_snapshot!(all.join("\n\n"));
        assert_eq!(invitation("aws", false).link(), None);
    }

    #[test]
    fn every_parameter_is_one_of_the_templates() {
        let all = Invitation {
            role_name: "x".into(),
            role_path: "/x/".into(),
            scope: Scope::Dns,
            self_read: true,
            ..invitation("aws", true)
        };
        for (name, value) in all.parameters() {
            assert!(TEMPLATE.contains(&format!("\n  {name}:\n")), "{name}={value} is no parameter of the template");
        }
        assert_eq!(template_sha256().len(), 64);
    }
}
