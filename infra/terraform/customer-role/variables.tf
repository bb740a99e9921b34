# The same parameters, with the same patterns, as in customer-role.yaml.

variable "backend_account_id" {
  type        = string
  description = "The 12-digit number of the AWS account that the inventory service runs in."

  validation {
    condition     = can(regex("^[0-9]{12}$", var.backend_account_id))
    error_message = "The value must be the 12 digits of an AWS account."
  }
}

variable "backend_role_name" {
  type        = string
  default     = "rolecall-backend"
  description = "The name of the role that the service runs under; with its path in front where it has one (team/rolecall-backend)."

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@-]+(/[A-Za-z0-9_+=,.@-]+)*$", var.backend_role_name)) && length(var.backend_role_name) <= 512
    error_message = "The value must be the name of a role, without wildcards and without a leading slash."
  }
}

variable "external_id" {
  type        = string
  sensitive   = true
  description = "The external ID that the service made for you. Take it over as it is; never choose or shorten one yourself."

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@:/-]+$", var.external_id)) && length(var.external_id) >= 2 && length(var.external_id) <= 1224
    error_message = "The value must be 2 to 1224 characters out of letters, digits and _+=,.@:/-"
  }
}

variable "role_name" {
  type        = string
  default     = "rolecall-inventory"
  description = "The name of the role made here. The service looks for the default; tell it if you choose another."

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@-]+$", var.role_name)) && length(var.role_name) <= 64
    error_message = "The value must be 1 to 64 letters, digits and _+=,.@- (a path goes into role_path)."
  }
}

variable "scope" {
  type        = string
  default     = "all"
  description = "What may be read: network (networks, machines, volumes), dns (Route 53), or all."

  validation {
    condition     = contains(["all", "network", "dns"], var.scope)
    error_message = "The value must be all, network or dns."
  }
}

variable "role_path" {
  type        = string
  default     = "/"
  description = "The path of the role made here. Tell the service if you choose another than the default."

  validation {
    condition     = can(regex("^/([A-Za-z0-9_+=,.@-]+/)*$", var.role_path)) && length(var.role_path) <= 512
    error_message = "The value must begin and end with a slash, such as / or /vendors/."
  }
}

variable "permissions_boundary_arn" {
  type        = string
  default     = ""
  description = "A policy that no right of the role can pass, where your account asks for one; empty for none."

  validation {
    condition     = can(regex("^(arn:[a-z0-9-]+:iam::([0-9]{12}|aws):policy/[A-Za-z0-9_+=,.@/-]+)?$", var.permissions_boundary_arn))
    error_message = "The value must be the ARN of a policy, or empty."
  }
}
