output "stack_set_id" {
  description = "The id of the StackSet."
  value       = aws_cloudformation_stack_set.rolecall.stack_set_id
}

output "role_name" {
  description = "The name of the role in each account, after its path. The service adds the accounts with `rolecall targets import`."
  value       = "${trimprefix(var.role_path, "/")}${var.role_name}"
}
