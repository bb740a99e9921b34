# Everything: buckets, role, function with a nightly run of every account, state machine, topic of changes, Athena.

module "artifacts" {
  source = "../../../artifacts"

  name             = var.name
  package          = var.package
  template_readers = var.customers
  require_tls      = var.require_tls
}

module "backend_role" {
  source = "../../../backend-role"

  name          = var.name
  role_name     = "${var.name}-backend"
  operator_arns = var.operators
}

module "backend" {
  source = "../.."

  name             = var.name
  backend_role_arn = module.backend_role.backend_role_arn
  code_bucket      = module.artifacts.code_bucket
  code_key         = module.artifacts.code_key
  customer_role    = module.artifacts.customer_role
  architecture     = var.architecture
  changes          = "yes"
  schedule_state   = "ENABLED"
  schedule_starts  = "machine"
  schedule_request = jsonencode({ scheduled_at = "<aws.scheduler.scheduled-time>", accounts = "all" })
  require_tls      = var.require_tls
}

module "fleet" {
  source = "../../../fleet"

  name                = var.name
  function_arn        = module.backend.steps_function_arn
  results_bucket_name = module.backend.results_bucket
}

module "changes" {
  source = "../../../changes"

  name = var.name
}

module "athena" {
  source = "../../../athena"

  bucket          = module.backend.results_bucket
  database        = replace(var.name, "-", "_")
  stack_name      = "${var.name}-athena"
  template_bucket = module.artifacts.code_bucket
}

variable "name" {
  type    = string
  default = "rolecall"
}

variable "package" {
  type        = string
  description = "The zip with the function: built by `make package`, or released."
}

variable "architecture" {
  type    = string
  default = "arm64"
}

variable "customers" {
  type        = list(string)
  default     = []
  description = "The accounts that may open the customers' template."
}

variable "operators" {
  type        = list(string)
  default     = []
  description = "The roles that may check customers and run from a terminal."
}

variable "require_tls" {
  type        = string
  default     = "true"
  description = "Only an emulated AWS on the loopback needs false."
}

output "function" {
  value = module.backend.function_name
}

output "registry" {
  value = module.backend.registry
}

output "backend_role_arn" {
  value = module.backend_role.backend_role_arn
}

output "customers_template" {
  value = module.artifacts.customer_role.url
}
