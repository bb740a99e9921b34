# A topic with a message for each account that a run found changed.

resource "aws_cloudformation_stack" "rolecall" {
  # checkov:skip=CKV_AWS_124:Terraform waits for the stack, and reports its events if it fails.
  name          = coalesce(var.stack_name, "${var.name}-changes")
  template_body = file("${path.module}/../../changes.yaml")
  parameters    = local.parameters
  capabilities  = ["CAPABILITY_NAMED_IAM"]
  tags          = var.tags
}
