# The role in one account, with the values that the service gave you.

module "rolecall" {
  source = "../.."

  backend_account_id = "999999999999"
  external_id        = var.rolecall_external_id # made by the service for you; do not choose your own
}

variable "rolecall_external_id" {
  type = string
}

output "rolecall" {
  value = module.rolecall.registry_entry # send it to the service
}
