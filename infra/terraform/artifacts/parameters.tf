# Generated from infra/artifacts.yaml by `make generate`. Do not edit. A variable that is null has the template's default.

variable "name" {
  type        = string
  nullable    = false
  default     = "rolecall"
  description = "The prefix of all names, the same as in backend-role.yaml and backend.yaml."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,24}$", var.name))
    error_message = "The value must be 1 to 25 lowercase letters, digits and hyphens, a letter first."
  }
}

variable "template_readers" {
  type        = list(string)
  nullable    = false
  default     = []
  description = "The principals that may read the customers' template - account ids, role ARNs, user ARNs. With an account id, that account decides which of its users may. Default is none."

  validation {
    condition     = alltrue([for one in var.template_readers : one != "" && can(regex("^ *([0-9]{12}|arn:[a-z0-9-]+:(iam|sts)::[0-9]{12}:[A-Za-z0-9_+=.@/-]+)? *$", one))])
    error_message = "The values must be account ids and ARNs of roles or users, without wildcards."
  }
}

variable "template_readers_organization" {
  type        = string
  nullable    = false
  default     = ""
  description = "The id of an organization (o-...) whose accounts may all read the template. Empty means none."

  validation {
    condition     = can(regex("^(o-[a-z0-9]{10,32})?$", var.template_readers_organization))
    error_message = "The value must be the id of an organization, or empty."
  }
}

variable "template_public" {
  type        = string
  nullable    = false
  default     = "false"
  description = "Makes the template public. This turns off the bucket's block of public policies."

  validation {
    condition     = contains(["true", "false"], var.template_public)
    error_message = "The value must be true or false."
  }
}

variable "require_tls" {
  type        = string
  nullable    = false
  default     = "true"
  description = "Denies unencrypted connections to the buckets. Only an emulator on the loopback needs false."

  validation {
    condition     = contains(["true", "false"], var.require_tls)
    error_message = "The value must be true or false."
  }
}

locals {
  # The template's parameters, as text.
  values = {
    Name                        = var.name
    TemplateReaders             = join(",", var.template_readers)
    TemplateReadersOrganization = var.template_readers_organization
    TemplatePublic              = var.template_public
    RequireTls                  = var.require_tls
  }

  # The provider passes no value that becomes empty: it keeps the one before. Empty values are left out, and
  # CloudFormation takes the default, which is empty too.
  parameters = { for name, value in local.values : name => value if value != "" }
}
