# The state machine for fleets that are too large for one invocation.

resource "aws_cloudformation_stack" "rolecall" {
  # checkov:skip=CKV_AWS_124:Terraform waits for the stack, and reports its events if it fails.
  name          = coalesce(var.stack_name, "${var.name}-fleet")
  template_body = file("${path.module}/../../fleet.yaml")
  parameters    = local.parameters
  capabilities  = ["CAPABILITY_NAMED_IAM"]
  tags          = var.tags
}
