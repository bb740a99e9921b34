# The role of customer-role.yaml in every account of an organization, or of some of its units. Accounts that join later
# get it automatically. Apply it with the management account or with a delegated administrator of StackSets.

resource "aws_cloudformation_stack_set" "rolecall" {
  name             = var.stack_set_name
  description      = "The role with which the inventory service lists networks, instances, DNS zones and holders of names."
  permission_model = "SERVICE_MANAGED"
  call_as          = var.call_as
  template_body    = file("${path.module}/../../customer-role.yaml")
  parameters       = local.parameters
  capabilities     = ["CAPABILITY_NAMED_IAM"]
  tags             = var.tags

  auto_deployment {
    enabled                          = true
    retain_stacks_on_account_removal = false
  }

  managed_execution {
    active = true
  }

  # One account that cannot have the role does not stop the others.
  operation_preferences {
    failure_tolerance_percentage = 100
    max_concurrent_percentage    = 100
  }

  lifecycle {
    # A service-managed StackSet has none, but the provider expects one.
    ignore_changes = [administration_role_arn]
  }
}

# One Region: IAM is global, and a second Region would fail to create the same role again.
resource "aws_cloudformation_stack_set_instance" "rolecall" {
  for_each = var.organizational_unit_ids

  stack_set_name = aws_cloudformation_stack_set.rolecall.name
  call_as        = var.call_as
  region         = var.region

  deployment_targets {
    organizational_unit_ids = [each.value]
  }

  operation_preferences {
    failure_tolerance_percentage = 100
    max_concurrent_percentage    = 100
  }
}
