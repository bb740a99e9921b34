# Generated from infra/fleet.yaml by `make generate`. Do not edit.

output "state_machine_arn" {
  description = "The state machine. Its input is a request, or the run that it resumes."
  value       = aws_cloudformation_stack.rolecall.outputs["StateMachineArn"]
}

output "log_group_name" {
  description = "The log group of the machine's errors."
  value       = aws_cloudformation_stack.rolecall.outputs["LogGroupName"]
}
