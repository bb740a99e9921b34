# The buckets, the packed function, and the customers' template, which two customers may open.

module "artifacts" {
  source = "../.."

  package          = var.package
  template_readers = ["111122223333", "444455556666"]
}

variable "package" {
  type        = string
  description = "The zip with the function: built by `make package`, or released."
}

output "code" {
  value = { bucket = module.artifacts.code_bucket, key = module.artifacts.code_key }
}

output "customers_template" {
  value = module.artifacts.customer_role.url
}
