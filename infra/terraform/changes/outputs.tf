# Generated from infra/changes.yaml by `make generate`. Do not edit.

output "topic_arn" {
  description = "The topic of the messages about changed accounts."
  value       = aws_cloudformation_stack.rolecall.outputs["TopicArn"]
}
