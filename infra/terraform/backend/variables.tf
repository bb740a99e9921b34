# What the module adds to the template's parameters, which are in parameters.tf.

variable "stack_name" {
  type        = string
  default     = null
  description = "The name of the stack. Default is that of name, as `make deploy` names it."
}

variable "tags" {
  type        = map(string)
  nullable    = false
  default     = {}
  description = "Tags of the stack, which CloudFormation gives to its resources."
}

variable "template_url" {
  type        = string
  default     = null
  description = "The address of the template in a bucket, if you upload it yourself."
}

variable "customer_role" {
  type        = object({ url = string, sha256 = string, module_sha256 = optional(string) })
  default     = null
  description = "The customers' template, which the module artifacts publishes. `rolecall onboard` prints links to it."
}
