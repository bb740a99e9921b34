# The role in every account of two units, with the values that the service gave you.

module "rolecall" {
  source = "../.."

  organizational_unit_ids = ["ou-abcd-11111111", "ou-abcd-22222222"]
  region                  = "eu-central-1"

  backend_account_id = "999999999999"
  external_id        = var.rolecall_external_id # made by the service for you; do not choose your own
}

variable "rolecall_external_id" {
  type = string
}

output "role_name" {
  value = module.rolecall.role_name
}
