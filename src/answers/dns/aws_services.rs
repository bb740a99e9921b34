//! AWS's services whose names rolecall knows by their form, and that it does not collect.
//!
//! **Invariant:** only names the service. A name that is none of AWS's has no service.

use super::name_pattern::{before_aws_domain, is_region};

/// Domains of single services. The longest ones come first where one ends with another.
const DOMAINS: &[(&str, &str)] = &[
    ("cloudfront.net", "CloudFront"),
    ("cloudfront.cn", "CloudFront"),
    ("acm-validations.aws", "Certificate Manager (validation)"),
    ("awsapprunner.com", "App Runner"),
    ("amplifyapp.com", "Amplify"),
    ("amazonses.com", "SES"),
    ("amazoncognito.com", "Cognito"),
    ("awsapps.com", "IAM Identity Center or WorkMail"),
    ("awsdns-hostmaster.amazon.com", "Route 53"),
    ("awsglobalaccelerator.com", "Global Accelerator"),
    ("elasticbeanstalk.com", "Elastic Beanstalk"),
    ("lambda-url.on.aws", "Lambda"),
    ("vpc-lattice-svcs.on.aws", "VPC Lattice"),
    ("on.aws", "a service of on.aws"),
    ("awsstatic.com", "AWS"),
    ("amazonworkmail.com", "WorkMail"),
    ("awswaf.com", "WAF"),
    ("sagemaker.aws", "SageMaker"),
    ("quicksight.aws", "QuickSight"),
    ("signin.aws", "Sign-In"),
    ("transfer-webapp.aws", "Transfer Family"),
    ("api.aws", "AWS"),
    ("aws", "AWS"),
];

/// Labels before a region or a domain of AWS's endpoints.
const LABELS: &[(&str, &str)] = &[
    ("rds", "RDS"),
    ("execute-api", "API Gateway (an API's own name)"),
    ("appsync-api", "AppSync"),
    ("appsync-realtime-api", "AppSync"),
    ("cache", "ElastiCache"),
    ("memorydb", "MemoryDB"),
    ("redshift", "Redshift"),
    ("redshift-serverless", "Redshift"),
    ("docdb", "DocumentDB"),
    ("es", "OpenSearch"),
    ("aos", "OpenSearch"),
    ("aoss", "OpenSearch Serverless"),
    ("efs", "EFS"),
    ("fsx", "FSx"),
    ("eks", "EKS"),
    ("mq", "Amazon MQ"),
    ("kafka", "MSK"),
    ("iot", "IoT"),
    ("inbound-smtp", "SES"),
    ("email-smtp", "SES"),
    ("feedback-smtp", "SES"),
    ("email", "SES"),
    ("mail", "SES or WorkMail"),
    ("awsapps", "WorkMail"),
    ("server.transfer", "Transfer Family"),
    ("transfer", "Transfer Family"),
    ("s3-accesspoint", "S3 (access points)"),
    ("s3-object-lambda", "S3 (Object Lambda)"),
    ("s3-outposts", "S3 on Outposts"),
    ("s3-control", "S3"),
    ("lightsail", "Lightsail"),
    ("cs", "Lightsail"),
    ("mediapackage", "MediaPackage"),
    ("mediastore", "MediaStore"),
    ("airflow", "MWAA"),
    ("grafana-workspace", "Managed Grafana"),
    ("lambda-url", "Lambda"),
    ("elb", "Elastic Load Balancing"),
    ("vpce", "PrivateLink"),
    ("compute", "EC2"),
    ("sqs", "SQS"),
    ("sns", "SNS"),
    ("dynamodb", "DynamoDB"),
];

/// The service of a name in its normal form.
pub(super) fn service_of(name: &str) -> Option<String> {
    if let Some(before) = before_aws_domain(name) {
        return Some(by_labels(before));
    }
    if let Some(before) = name.strip_suffix(".on.aws") {
        let label = before.split('.').map(str::trim).find_map(known_label);
        let lattice = before.contains("vpc-lattice-svcs").then_some("VPC Lattice");
        return Some(label.or(lattice).unwrap_or("a service of on.aws").to_owned());
    }
    let is_below = |domain: &str| name.strip_suffix(domain).is_some_and(|before| before.ends_with('.'));
    let found = DOMAINS.iter().find(|(domain, _)| is_below(domain)).map(|(_, service)| (*service).to_owned());
    found.or_else(|| is_name_server(name).then(|| "Route 53".to_owned()))
}

/// Whether a name is that of a name server of Route 53, such as `ns-77.awsdns-09.com`.
pub(super) fn is_name_server(name: &str) -> bool {
    let mut labels = name.split('.');
    let numbered = |label: Option<&str>, start: &str| {
        let digits = label.and_then(|label| label.strip_prefix(start));
        digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    numbered(labels.next(), "ns-") && numbered(labels.next(), "awsdns-") && labels.next().is_some()
}

fn known_label(label: &str) -> Option<&'static str> {
    LABELS.iter().find(|(known, _)| *known == label).map(|(_, service)| *service)
}

fn by_labels(before: &str) -> String {
    let labels = before.rsplit('.').filter(|label| !is_region(label));
    let known = labels.clone().find_map(known_label);
    let last = labels.clone().next().unwrap_or(before);
    known.map_or_else(|| format!("the service `{last}`"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_known_by_their_names() {
        for (name, service) in [
            ("db-1.cluster-c1.eu-west-1.rds.amazonaws.com", "RDS"),
            ("abcdefghij.execute-api.eu-west-1.amazonaws.com", "API Gateway (an API's own name)"),
            ("inbound-smtp.eu-west-1.amazonaws.com", "SES"),
            ("x.dkim.amazonses.com", "SES"),
            ("x.eu-west-1.awsapprunner.com", "App Runner"),
            ("_d2.xlfgrmvvlj.acm-validations.aws", "Certificate Manager (validation)"),
            ("abc.lambda-url.eu-west-1.on.aws", "Lambda"),
            ("a-1.s3-accesspoint.eu-west-1.amazonaws.com", "S3 (access points)"),
            ("x.7d67968.vpc-lattice-svcs.eu-west-1.on.aws", "VPC Lattice"),
            ("something.new.eu-west-1.amazonaws.com", "the service `new`"),
            ("db.cn-north-1.rds.amazonaws.com.cn", "RDS"),
            ("ns-77.awsdns-09.co.uk", "Route 53"),
        ] {
            assert_eq!(service_of(name).as_deref(), Some(service), "{name}");
        }
        for name in
            ["www.example.com", "amazonaws.com.evil.example", "xamazonaws.com", "myaws", "laws", "ns1.awsdns.com"]
        {
            assert_eq!(service_of(name), None, "{name}");
        }
        assert!(is_name_server("ns-1536.awsdns-00.co.uk") && !is_name_server("ns-.awsdns-00.com"));
        assert!(!is_name_server("ns-1.awsdns-1") && !is_name_server("ns-1.awsdns-x.com"));
    }
}
