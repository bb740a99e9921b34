# What the module adds to the template's parameters, which are in parameters.tf.

variable "organizational_unit_ids" {
  type        = set(string)
  nullable    = false
  description = "The units (ou-...) whose accounts get the role. The root (r-...) means all accounts."

  validation {
    condition = length(var.organizational_unit_ids) > 0 && alltrue([
      for one in var.organizational_unit_ids : can(regex("^(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32})$", one))
    ])
    error_message = "Each value must be the id of a unit or of the root."
  }
}

variable "region" {
  type        = string
  nullable    = false
  description = "The one Region in which CloudFormation keeps the stacks. The role itself is global."

  validation {
    condition     = can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]+$", var.region))
    error_message = "The value must be the name of a Region, such as eu-central-1."
  }
}

variable "call_as" {
  type        = string
  nullable    = false
  default     = "SELF"
  description = "SELF in the management account, DELEGATED_ADMIN in the account of a delegated administrator."

  validation {
    condition     = contains(["SELF", "DELEGATED_ADMIN"], var.call_as)
    error_message = "The value must be SELF or DELEGATED_ADMIN."
  }
}

variable "stack_set_name" {
  type        = string
  nullable    = false
  default     = "rolecall"
  description = "The name of the StackSet."
}

variable "tags" {
  type        = map(string)
  nullable    = false
  default     = {}
  description = "Tags of the StackSet, which CloudFormation gives to the stacks and the role."
}
