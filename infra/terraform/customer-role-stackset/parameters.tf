# Generated from infra/customer-role.yaml by `make generate`. Do not edit. A variable that is null has the template's default.

variable "backend_account_id" {
  type        = string
  nullable    = false
  description = "The 12-digit id of the AWS account that the inventory service runs in."

  validation {
    condition     = can(regex("^[0-9]{12}$", var.backend_account_id))
    error_message = "The value must be the 12 digits of an AWS account."
  }
}

variable "backend_role_name" {
  type        = string
  nullable    = false
  default     = "rolecall-backend"
  description = "The name of the role that the service runs under. If it has a path, the path comes first (team/rolecall-backend)."

  validation {
    condition     = can(regex("^([A-Za-z0-9_+=,.@-]+/)*[A-Za-z0-9_+=,.@-]{1,64}$", var.backend_role_name)) && length(var.backend_role_name) <= 512
    error_message = "The value must be the name of a role (at most 64 characters after its path), without wildcards and without a leading slash."
  }
}

variable "external_id" {
  type        = string
  nullable    = false
  description = "The external ID that the service made for you: 2 to 1224 characters, which is AWS's limit. Use it unchanged. Do not choose or shorten one yourself: it distinguishes you from the service's other customers."

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@:/-]+$", var.external_id)) && length(var.external_id) >= 2 && length(var.external_id) <= 1224
    error_message = "The value must be 2 to 1224 letters, digits and _+=,.@:/-."
  }
}

variable "role_name" {
  type        = string
  nullable    = false
  default     = "rolecall-inventory"
  description = "The name of the role that this stack creates. The service expects the default. Inform it of another name."

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@-]+$", var.role_name)) && length(var.role_name) <= 64
    error_message = "The value must be 1 to 64 letters, digits and _+=,.@- (a path goes into RolePath)."
  }
}

variable "scope" {
  type        = string
  nullable    = false
  default     = "all"
  description = "The resources that may be read: network (networks, instances, volumes), dns (Route 53 with its Resolver, Profiles and Domains), names (what holds names and addresses elsewhere: load balancers, CloudFront, API Gateway, S3, Elastic Beanstalk, Global Accelerator, Direct Connect, Cloud Map, Network Manager), or all. Each includes the names of the Regions and the alias of the account."

  validation {
    condition     = contains(["all", "network", "dns", "names"], var.scope)
    error_message = "The value must be all or network or dns or names."
  }
}

variable "secret_bearing_reads" {
  type        = string
  nullable    = false
  default     = "yes"
  description = "no denies the eight reads whose answers also contain secrets or personal data - pre-shared keys of VPN connections, user data of launch templates, spot requests and spot fleets, client secrets of Verified Access trust providers, contacts of registered domains, headers that CloudFront sends to origins, BGP keys of Direct Connect. With yes, the service drops them before it writes anything."

  validation {
    condition     = contains(["yes", "no"], var.secret_bearing_reads)
    error_message = "The value must be yes or no."
  }
}

variable "self_read" {
  type        = string
  nullable    = false
  default     = "no"
  description = "yes lets the role read itself - its trust policy, its own policies and their documents - so that the service can check that nobody else gets in and that the role grants no more than it should. Of other roles it reads nothing."

  validation {
    condition     = contains(["yes", "no"], var.self_read)
    error_message = "The value must be yes or no."
  }
}

variable "role_path" {
  type        = string
  nullable    = false
  default     = "/"
  description = "The path of the role, if your account has a rule for paths. AWS cannot change the path of a role later. Inform the service of a path other than the default."

  validation {
    condition     = can(regex("^/([A-Za-z0-9_+=,.@-]+/)*$", var.role_path)) && length(var.role_path) <= 512
    error_message = "The value must begin and end with a slash, such as / or /vendors/."
  }
}

variable "permissions_boundary_arn" {
  type        = string
  nullable    = false
  default     = ""
  description = "The permissions boundary of the role, if your account requires one. Empty means none. In a StackSet it must be a policy that AWS manages, since the ARN of your own policy contains an account id."

  validation {
    condition     = can(regex("^(arn:[a-z0-9-]+:iam::([0-9]{12}|aws):policy/[A-Za-z0-9_+=,.@/-]+)?$", var.permissions_boundary_arn))
    error_message = "The value must be the ARN of a policy, or empty."
  }
}

locals {
  # The template's parameters, as text.
  values = {
    BackendAccountId       = var.backend_account_id
    BackendRoleName        = var.backend_role_name
    ExternalId             = var.external_id
    RoleName               = var.role_name
    Scope                  = var.scope
    SecretBearingReads     = var.secret_bearing_reads
    SelfRead               = var.self_read
    RolePath               = var.role_path
    PermissionsBoundaryArn = var.permissions_boundary_arn
  }

  # The provider compares all parameters that a StackSet has, so that each is passed. One that is left
  # out would be a change in every plan.
  parameters = local.values
}
