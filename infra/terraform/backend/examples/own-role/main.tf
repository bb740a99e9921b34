# The backend under a role of your own, with code that is in a bucket already. `rolecall policy backend` prints what the
# role needs to enter customers.

module "backend" {
  source = "../.."

  backend_role_arn = "arn:aws:iam::999999999999:role/services/inventory"
  code_bucket      = "my-code"
  code_key         = "rolecall/1.0.0.zip"
  memory_size      = 3008
  keep_days        = 90
}

output "function" {
  value = module.backend.function_name
}
