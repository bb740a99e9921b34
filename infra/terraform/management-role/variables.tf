# What the module adds to the template's parameters, which are in parameters.tf.

variable "stack_name" {
  type        = string
  nullable    = false
  default     = "rolecall-organization"
  description = "The name of the stack."
}

variable "tags" {
  type        = map(string)
  nullable    = false
  default     = {}
  description = "Tags of the stack, which CloudFormation gives to its resources."
}
