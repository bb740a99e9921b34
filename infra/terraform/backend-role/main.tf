# backend_role, which customers trust. The role is retained when the stack is destroyed.

resource "aws_cloudformation_stack" "rolecall" {
  # checkov:skip=CKV_AWS_124:Terraform waits for the stack, and reports its events if it fails.
  name          = coalesce(var.stack_name, "${var.name}-role")
  template_body = file("${path.module}/../../backend-role.yaml")
  parameters    = local.parameters
  capabilities  = ["CAPABILITY_NAMED_IAM"]
  tags          = var.tags
}
