# Generated from infra/backend-role.yaml by `make generate`. Do not edit. A variable that is null has the template's default.

variable "name" {
  type        = string
  nullable    = false
  default     = "rolecall"
  description = "The prefix of all names, the same as in backend.yaml."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,24}$", var.name))
    error_message = "The value must be 1 to 25 lowercase letters, digits and hyphens, a letter first."
  }
}

variable "role_name" {
  type        = string
  nullable    = false
  default     = "rolecall-backend"
  description = "The name of backend_role. Customers trust this name, so do not change it later."

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@-]+$", var.role_name)) && length(var.role_name) <= 64
    error_message = "The value must be 1 to 64 letters, digits and _+=,.@- (a path goes into RolePath)."
  }
}

variable "role_path" {
  type        = string
  nullable    = false
  default     = "/"
  description = "The path of backend_role. Customers trust the path and the name, so do not change it later."

  validation {
    condition     = can(regex("^/([A-Za-z0-9_+=,.@-]+/)*$", var.role_path)) && length(var.role_path) <= 448
    error_message = "The value must begin and end with a slash, such as / or /services/."
  }
}

variable "permissions_boundary_arn" {
  type        = string
  nullable    = false
  default     = ""
  description = "The permissions boundary of backend_role, if your account requires one. Empty means none."

  validation {
    condition     = can(regex("^(arn:[a-z0-9-]+:iam::([0-9]{12}|aws):policy/[A-Za-z0-9_+=,.@/-]+)?$", var.permissions_boundary_arn))
    error_message = "The value must be the ARN of a policy, or empty."
  }
}

variable "customer_role_name" {
  type        = string
  nullable    = false
  default     = "rolecall-inventory"
  description = "The name of the role to assume, in any account. If it has a path, the path comes first."

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@-]+(/[A-Za-z0-9_+=,.@-]+)*$", var.customer_role_name)) && length(var.customer_role_name) <= 512
    error_message = "The value must match ^[A-Za-z0-9_+=,.@-]+(/[A-Za-z0-9_+=,.@-]+)*$."
  }
}

variable "customer_role_arns" {
  type        = list(string)
  nullable    = false
  default     = []
  description = "The ARNs of the only roles that may be assumed, instead of CustomerRoleName. A * as the account id means every account. If registry targets are reached through another role (via), that role's ARN must be here too."

  validation {
    condition     = alltrue([for one in var.customer_role_arns : one != "" && can(regex("^ *(arn:[a-z0-9-]+:iam::([0-9]{12}|[*]):role/[A-Za-z0-9_+=.@/-]+)? *$", one))])
    error_message = "The values must be ARNs of roles, without wildcards in the names."
  }
}

variable "organization_role_arns" {
  type        = list(string)
  nullable    = false
  default     = []
  description = "The ARNs of the roles that list organizations (management_role_arn in the registry). They may be assumed besides the customers' roles. Default is none."

  validation {
    condition     = alltrue([for one in var.organization_role_arns : one != "" && can(regex("^ *(arn:[a-z0-9-]+:iam::[0-9]{12}:role/[A-Za-z0-9_+=.@/-]+)? *$", one))])
    error_message = "The values must be ARNs of roles, without wildcards."
  }
}

variable "operator_arns" {
  type        = list(string)
  nullable    = false
  default     = []
  description = "The ARNs of roles or users that may assume backend_role from the command line. Default is none."

  validation {
    condition     = alltrue([for one in var.operator_arns : one != "" && can(regex("^ *(arn:[a-z0-9-]+:(iam|sts)::[0-9]{12}:[A-Za-z0-9_+=.@/-]+)? *$", one))])
    error_message = "The values must be ARNs of roles or users, without wildcards."
  }
}

variable "results_bucket_name" {
  type        = string
  nullable    = false
  default     = ""
  description = "The name of the results bucket. Empty means <Name>-results-<account>-<region>."
}

variable "registry_bucket_name" {
  type        = string
  nullable    = false
  default     = ""
  description = "The name of the registry bucket. Empty means <Name>-registry-<account>-<region>."
}

variable "kms_key_arn" {
  type        = string
  nullable    = false
  default     = ""
  description = "The KMS key of the buckets, as in backend.yaml. Its key policy must allow this role. Empty means none."

  validation {
    condition     = can(regex("^(arn:[a-z0-9-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+)?$", var.kms_key_arn))
    error_message = "The value must be the ARN of a key (an alias does not work in a policy), or empty."
  }
}

variable "event_bus_name" {
  type        = string
  nullable    = false
  default     = "default"
  description = "The event bus for the events of committed runs, as in backend.yaml. Empty or none means none."

  validation {
    condition     = can(regex("^([A-Za-z0-9._/-]{1,256})?$", var.event_bus_name))
    error_message = "The value must be the name of an event bus of this account and Region (no ARN), or empty."
  }
}

variable "disable_open_roles" {
  type        = string
  nullable    = false
  default     = "no"
  description = "yes lets the function replace targets.json in the registry bucket, to disable targets whose roles let it in without the external ID, as in backend.yaml."

  validation {
    condition     = contains(["no", "yes"], var.disable_open_roles)
    error_message = "The value must be no or yes."
  }
}

variable "list_organization" {
  type        = string
  nullable    = false
  default     = "no"
  description = "yes lets the function list the accounts of the organization with its own credentials, for an organization in the registry whose management_role_arn is null. The account must be the management account or a delegated administrator."

  validation {
    condition     = contains(["no", "yes"], var.list_organization)
    error_message = "The value must be no or yes."
  }
}

variable "tracing" {
  type        = string
  nullable    = false
  default     = "PassThrough"
  description = "Active lets Lambda record traces of the function in X-Ray, as in backend.yaml."

  validation {
    condition     = contains(["Active", "PassThrough"], var.tracing)
    error_message = "The value must be Active or PassThrough."
  }
}

variable "vpc_access" {
  type        = string
  nullable    = false
  default     = "no"
  description = "yes lets Lambda attach the functions to the subnets of a VPC, as SubnetIds of backend.yaml. Keep it until the functions have left the VPC."

  validation {
    condition     = contains(["no", "yes"], var.vpc_access)
    error_message = "The value must be no or yes."
  }
}

locals {
  # The template's parameters, as text.
  values = {
    Name                   = var.name
    RoleName               = var.role_name
    RolePath               = var.role_path
    PermissionsBoundaryArn = var.permissions_boundary_arn
    CustomerRoleName       = var.customer_role_name
    CustomerRoleArns       = join(",", var.customer_role_arns)
    OrganizationRoleArns   = join(",", var.organization_role_arns)
    OperatorArns           = join(",", var.operator_arns)
    ResultsBucketName      = var.results_bucket_name
    RegistryBucketName     = var.registry_bucket_name
    KmsKeyArn              = var.kms_key_arn
    EventBusName           = var.event_bus_name == "" ? "none" : var.event_bus_name
    DisableOpenRoles       = var.disable_open_roles
    ListOrganization       = var.list_organization
    Tracing                = var.tracing
    VpcAccess              = var.vpc_access
  }

  # The provider passes no value that becomes empty: it keeps the one before. Empty values are left out, and
  # CloudFormation takes the default, which is empty too.
  parameters = { for name, value in local.values : name => value if value != "" }
}
