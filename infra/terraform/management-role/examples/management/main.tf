# In the management account: the role that lists the organization. Which accounts are read, their own roles decide.

module "organization" {
  source = "../.."

  backend_account_id = "999999999999"
  external_id        = "0f8fad5b-d9cb-469f-a165-70867728950e"
  tags               = { service = "rolecall" }
}

output "role_arn" {
  value = module.organization.role_arn
}
