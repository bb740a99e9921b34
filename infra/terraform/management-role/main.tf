# The role that lists an organization's accounts, in its management account or in that of a delegated administrator.

resource "aws_cloudformation_stack" "rolecall" {
  # checkov:skip=CKV_AWS_124:Terraform waits for the stack, and reports its events if it fails.
  name          = var.stack_name
  template_body = file("${path.module}/../../management-role.yaml")
  parameters    = local.parameters
  capabilities  = ["CAPABILITY_NAMED_IAM"]
  tags          = var.tags
}
