# What the module adds to the template's parameters, which are in parameters.tf.

variable "stack_name" {
  type        = string
  default     = null
  description = "The name of the stack. Default is `<name>-fleet`, as `make deploy` names it."
}

variable "tags" {
  type        = map(string)
  nullable    = false
  default     = {}
  description = "Tags of the stack, which CloudFormation gives to its resources."
}
