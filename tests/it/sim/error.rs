//! The errors of the services, in each service's form and with its codes.

use super::fault::Service;
use super::reply::Reply;
use super::xml::Xml;

/// An error that is not yet written in a service's form.
#[derive(Clone, Debug)]
pub(super) struct AwsError {
    pub status: u16,
    pub code: String,
    pub message: String,
}

impl AwsError {
    pub(super) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into() }
    }

    /// The request is malformed or violates the model's constraints.
    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationError", message)
    }

    /// The service's throttling error.
    pub(super) fn throttled(service: Service) -> Self {
        match service {
            Service::Ec2 => Self::new(503, "RequestLimitExceeded", "Request limit exceeded."),
            Service::S3 => Self::new(503, "SlowDown", "Please reduce your request rate."),
            Service::Account => Self::new(429, "TooManyRequestsException", "Rate exceeded"),
            Service::Organizations => Self::new(400, "TooManyRequestsException", "Rate exceeded"),
            Service::Route53Resolver | Service::Route53Profiles | Service::Route53Domains => {
                Self::new(400, "ThrottlingException", "Rate exceeded")
            }
            Service::Holder("s3") => Self::new(503, "SlowDown", "Please reduce your request rate."),
            json if json.is_json() => Self::new(400, "ThrottlingException", "Rate exceeded"),
            Service::Sts | Service::Route53 | Service::Iam | Service::Holder(_) => {
                Self::new(400, "Throttling", "Rate exceeded")
            }
        }
    }

    /// The access key or its session token is unknown.
    pub(super) fn unknown_key(service: Service) -> Self {
        let message = "The security token included in the request is invalid.";
        match service {
            Service::Ec2 => Self::auth_failure(),
            Service::S3 => Self::new(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist."),
            json if json.is_json() => Self::new(403, "UnrecognizedClientException", message),
            _ => Self::new(403, "InvalidClientTokenId", message),
        }
    }

    /// EC2's error for invalid credentials, and in regions that are not enabled.
    pub(super) fn auth_failure() -> Self {
        Self::new(401, "AuthFailure", "AWS was not able to validate the provided access credentials")
    }

    /// The session has expired.
    pub(super) fn expired(service: Service) -> Self {
        let message = "The security token included in the request is expired";
        match service {
            Service::Ec2 => Self::new(400, "RequestExpired", "Request has expired."),
            Service::S3 => Self::new(400, "ExpiredToken", "The provided token has expired."),
            json if json.is_json() => Self::new(403, "ExpiredTokenException", message),
            _ => Self::new(403, "ExpiredToken", message),
        }
    }

    /// The caller has no permission. `why` is the end of AWS's message.
    pub(super) fn denied(service: Service, who: &str, action: &str, why: &str) -> Self {
        let sentence = format!("User: {who} is not authorized to perform: {action} {why}");
        match service {
            Service::Ec2 => {
                let message = format!("You are not authorized to perform this operation. {sentence}");
                Self::new(403, "UnauthorizedOperation", message)
            }
            Service::Account => Self::new(403, "AccessDeniedException", sentence),
            json if json.is_json() => Self::new(400, "AccessDeniedException", sentence),
            _ => Self::new(403, "AccessDenied", sentence),
        }
    }

    /// Returns whether a code means throttling.
    pub(super) fn is_throttle(code: &str) -> bool {
        matches!(
            code,
            "RequestLimitExceeded" | "Throttling" | "ThrottlingException" | "SlowDown" | "TooManyRequestsException"
        )
    }

    /// Writes the error in the service's form.
    pub(super) fn reply(&self, service: Service, request_id: &str) -> Reply {
        let (code, message) = (self.code.as_str(), self.message.as_str());
        if service.is_json() {
            let body = serde_json::json!({ "__type": code, "message": message }).to_string();
            let header = ("x-amzn-errortype", code.to_owned());
            return Reply::new(self.status, "application/json", body).header(header.0, header.1);
        }
        let body = match service {
            Service::Ec2 => {
                let mut xml = Xml::new("Response", "");
                xml.open("Errors").open("Error").text("Code", code).text("Message", message);
                xml.close("Error").close("Errors").text("RequestID", request_id);
                xml.finish("Response")
            }
            Service::S3 | Service::Holder("s3") => {
                let mut xml = Xml::new("Error", "");
                xml.text("Code", code).text("Message", message).text("RequestId", request_id).text("HostId", "sim");
                xml.finish("Error")
            }
            _ => {
                let mut xml = Xml::new("ErrorResponse", service.namespace());
                let kind = if self.status < 500 { "Sender" } else { "Receiver" };
                xml.open("Error").text("Type", kind).text("Code", code).text("Message", message).close("Error");
                xml.text("RequestId", request_id);
                xml.finish("ErrorResponse")
            }
        };
        Reply::new(self.status, "text/xml", body)
    }
}
