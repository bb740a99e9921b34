# Generated from infra/management-role.yaml by `make generate`. Do not edit. A variable that is null has the template's default.

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
  description = "The external ID that the service made for you, the same as in the roles of your accounts. Use it unchanged. Do not choose or shorten one yourself: it distinguishes you from the service's other customers."

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@:/-]+$", var.external_id)) && length(var.external_id) >= 2 && length(var.external_id) <= 1224
    error_message = "The value must be 2 to 1224 letters, digits and _+=,.@:/-."
  }
}

variable "role_name" {
  type        = string
  nullable    = false
  default     = "rolecall-organization"
  description = "The name of the role that this stack creates. Inform the service of another name."

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@-]+$", var.role_name)) && length(var.role_name) <= 64
    error_message = "The value must be 1 to 64 letters, digits and _+=,.@- (a path goes into RolePath)."
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
  description = "The permissions boundary of the role, if your account requires one. Empty means none."

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
    RolePath               = var.role_path
    PermissionsBoundaryArn = var.permissions_boundary_arn
  }

  # The provider passes no value that becomes empty: it keeps the one before. Empty values are left out, and
  # CloudFormation takes the default, which is empty too.
  parameters = { for name, value in local.values : name => value if value != "" }
}
