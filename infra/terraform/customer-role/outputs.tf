output "role_arn" {
  description = "The role's ARN; send it back to the inventory service."
  value       = aws_iam_role.inventory.arn
}

output "registry_entry" {
  description = "What the service keeps of your account; send it back. The external ID is left out: the service has it."
  value = jsonencode({
    account_id = data.aws_caller_identity.current.account_id
    role_arn   = aws_iam_role.inventory.arn
  })
}
