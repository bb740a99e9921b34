# Generated from infra/artifacts.yaml by `make generate`. Do not edit.

output "code_bucket" {
  description = "The bucket for packed functions. It is the parameter CodeBucket of backend.yaml."
  value       = local.code_bucket
  depends_on  = [aws_cloudformation_stack.rolecall]
}

output "template_bucket" {
  description = "The bucket for the customers' template."
  value       = local.template_bucket
  depends_on  = [aws_cloudformation_stack.rolecall]
}

output "template_bucket_url" {
  description = "The base URL of the template bucket, in the form that CloudFormation accepts."
  value       = local.template_bucket_url
  depends_on  = [aws_cloudformation_stack.rolecall]
}
