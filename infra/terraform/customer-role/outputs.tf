output "role_arn" {
  description = "The role's ARN. Send it to the inventory service."
  value       = aws_iam_role.inventory.arn
}

output "role_name" {
  description = "The role's name."
  value       = aws_iam_role.inventory.name
}

output "trusted_role_arn" {
  description = "The only role that can assume this one."
  value       = local.trust_policy.Statement[0].Condition.ArnEquals["aws:PrincipalArn"]
}

output "registry_entry" {
  description = "The service's entry for your account. Send it to the service. It has no external ID, since the service made it."
  value = jsonencode({
    account_id = data.aws_caller_identity.current.account_id
    role_arn   = aws_iam_role.inventory.arn
  })
}
