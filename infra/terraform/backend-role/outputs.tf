# Generated from infra/backend-role.yaml by `make generate`. Do not edit.

output "backend_role_arn" {
  description = "The parameter BackendRoleArn of backend.yaml."
  value       = aws_cloudformation_stack.rolecall.outputs["BackendRoleArn"]
}

output "backend_role_name" {
  description = "The customers' parameter BackendRoleName of customer-role.yaml, including the path."
  value       = aws_cloudformation_stack.rolecall.outputs["BackendRoleName"]
}

output "backend_account_id" {
  description = "The customers' parameter BackendAccountId of customer-role.yaml."
  value       = aws_cloudformation_stack.rolecall.outputs["BackendAccountId"]
}
