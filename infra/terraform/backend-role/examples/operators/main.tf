# backend_role, which one role of operators may assume from a terminal. In a group of accounts with a rule for boundaries.

module "backend_role" {
  source = "../.."

  operator_arns            = ["arn:aws:iam::999999999999:role/ops"]
  permissions_boundary_arn = "arn:aws:iam::999999999999:policy/boundary"
  tags                     = { service = "rolecall" }
}

output "backend_role_arn" {
  value = module.backend_role.backend_role_arn
}
