# Generated from infra/backend.yaml by `make generate`. Do not edit.

output "function_name" {
  description = "The function to invoke."
  value       = aws_cloudformation_stack.rolecall.outputs["FunctionName"]
}

output "function_arn" {
  description = "The function's ARN. A policy of an invoker allows lambda:InvokeFunction on this ARN only."
  value       = aws_cloudformation_stack.rolecall.outputs["FunctionArn"]
}

output "steps_function_arn" {
  description = "The function for the steps of fleet.yaml, which no other principal than its role should invoke."
  value       = aws_cloudformation_stack.rolecall.outputs["StepsFunctionArn"]
}

output "invoker_role_arn" {
  description = "The role that Invokers assume to invoke the function."
  value       = lookup(aws_cloudformation_stack.rolecall.outputs, "InvokerRoleArn", null)
}

output "http_url" {
  description = "The URL for requests over HTTP. They have to be signed."
  value       = lookup(aws_cloudformation_stack.rolecall.outputs, "HttpUrl", null)
}

output "http_policy_arn" {
  description = "The policy to attach to the users and roles of this account that may start runs over HTTP."
  value       = lookup(aws_cloudformation_stack.rolecall.outputs, "HttpPolicyArn", null)
}

output "results_bucket" {
  description = "The bucket of the results."
  value       = aws_cloudformation_stack.rolecall.outputs["ResultsBucket"]
}

output "output" {
  description = "The address of the results, for readers and for the command line's --output."
  value       = aws_cloudformation_stack.rolecall.outputs["Output"]
}

output "registry_bucket" {
  description = "The bucket of the registry."
  value       = aws_cloudformation_stack.rolecall.outputs["RegistryBucket"]
}

output "registry" {
  description = "The address of the registry of targets. Upload it before the first run."
  value       = aws_cloudformation_stack.rolecall.outputs["Registry"]
}

output "request_queue_url" {
  description = "The queue for requests."
  value       = aws_cloudformation_stack.rolecall.outputs["RequestQueueUrl"]
}

output "request_queue_arn" {
  description = "The queue's ARN."
  value       = aws_cloudformation_stack.rolecall.outputs["RequestQueueArn"]
}

output "dead_letter_queue_url" {
  description = "The queue of requests and events that failed."
  value       = aws_cloudformation_stack.rolecall.outputs["DeadLetterQueueUrl"]
}

output "dead_letter_queue_arn" {
  description = "The dead-letter queue's ARN."
  value       = aws_cloudformation_stack.rolecall.outputs["DeadLetterQueueArn"]
}

output "schedule_name" {
  description = "The schedule, in EventBridge Scheduler's default group."
  value       = aws_cloudformation_stack.rolecall.outputs["ScheduleName"]
}

output "log_group_name" {
  description = "The log group of the function."
  value       = aws_cloudformation_stack.rolecall.outputs["LogGroupName"]
}
