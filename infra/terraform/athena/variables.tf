# What the module adds to the template's parameters, which are in parameters.tf.

variable "stack_name" {
  type        = string
  default     = null
  description = "The name of the stack. Default is rolecall-athena. The second stack has -names after it."
}

variable "tags" {
  type        = map(string)
  nullable    = false
  default     = {}
  description = "Tags of the stack, which CloudFormation gives to its resources."
}

variable "template_bucket" {
  type        = string
  default     = null
  description = "A bucket of this Region for the templates, such as the code bucket of the module artifacts. Not the results bucket."
}

variable "template_url" {
  type        = string
  default     = null
  description = "The address of athena.yaml in a bucket, if you upload it yourself."
}

variable "names_template_url" {
  type        = string
  default     = null
  description = "The address of athena-names.yaml in a bucket, if you upload it yourself."
}
