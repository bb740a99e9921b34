# Generated from infra/management-role.yaml by `make generate`. Do not edit.

output "role_arn" {
  description = "The role's ARN. Send it to the inventory service."
  value       = aws_cloudformation_stack.rolecall.outputs["RoleArn"]
}

output "registry_entry" {
  description = "The service's entry for your organization. Send it to the service with the ARN. It has no external ID, since the service made it."
  value       = aws_cloudformation_stack.rolecall.outputs["RegistryEntry"]
}
