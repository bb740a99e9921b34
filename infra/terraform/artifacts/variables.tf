# What the module adds to the template's parameters, which are in parameters.tf.

variable "stack_name" {
  type        = string
  default     = null
  description = "The name of the stack. Default is `<name>-artifacts`, as `make deploy` names it."
}

variable "tags" {
  type        = map(string)
  nullable    = false
  default     = {}
  description = "Tags of the stack, which CloudFormation gives to its resources."
}

variable "package" {
  type        = string
  default     = null
  description = "The zip with the function, such as target/lambda/bootstrap.zip or a released one. Without it, upload the code by hand."
}

variable "publish_customer_role" {
  type        = bool
  nullable    = false
  default     = true
  description = "Whether the customers' template is uploaded. An update of rolecall removes the previous one: links to it that were not opened yet are sent again, and Terraform code of customers that names the module has to name the new one."
}
