# The role in an account with rules of its own: a path, a boundary, tags, DNS only, and no listing whose answers also
# contain secrets. The role can read itself, so that the service can check that nobody else gets in.

module "rolecall" {
  source = "../.."

  backend_account_id       = "999999999999"
  external_id              = var.rolecall_external_id
  scope                    = "dns"
  secret_bearing_reads     = "no"
  self_read                = "yes"
  role_path                = "/vendors/"
  permissions_boundary_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
  tags                     = { vendor = "rolecall" }
}

variable "rolecall_external_id" {
  type = string
}

output "rolecall" {
  value = module.rolecall.registry_entry
}
