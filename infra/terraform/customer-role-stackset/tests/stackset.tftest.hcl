# `terraform test` (1.7 or newer) in this folder. It plans with a mocked provider, and calls no account.

mock_provider "aws" {}

variables {
  organizational_unit_ids = ["ou-abcd-11111111", "r-abcd"]
  region                  = "eu-central-1"
  backend_account_id      = "999999999999"
  external_id             = "0f8fad5b-d9cb-469f-a165-70867728950e"
}

run "every_account_of_the_units" {
  command = plan

  assert {
    condition     = aws_cloudformation_stack_set.rolecall.template_body == file("../../customer-role.yaml")
    error_message = "The StackSet has another template."
  }
  assert {
    condition = (
      aws_cloudformation_stack_set.rolecall.permission_model == "SERVICE_MANAGED" &&
      aws_cloudformation_stack_set.rolecall.auto_deployment[0].enabled &&
      !aws_cloudformation_stack_set.rolecall.auto_deployment[0].retain_stacks_on_account_removal
    )
    error_message = "Accounts that join have no role, or accounts that leave keep it."
  }
  assert {
    condition = {
      for unit, one in aws_cloudformation_stack_set_instance.rolecall :
      unit => [tolist(one.deployment_targets[0].organizational_unit_ids), one.region]
      } == {
      ou-abcd-11111111 = [tolist(["ou-abcd-11111111"]), "eu-central-1"]
      r-abcd           = [tolist(["r-abcd"]), "eu-central-1"]
    }
    error_message = "The role is in other accounts or Regions."
  }
  assert {
    condition     = output.role_name == "rolecall-inventory"
    error_message = "The output names another role."
  }
}

run "a_delegated_administrator" {
  command = plan

  variables {
    call_as   = "DELEGATED_ADMIN"
    role_path = "/vendors/"
  }

  assert {
    condition = (
      aws_cloudformation_stack_set.rolecall.call_as == "DELEGATED_ADMIN" &&
      alltrue([for one in aws_cloudformation_stack_set_instance.rolecall : one.call_as == "DELEGATED_ADMIN"])
    )
    error_message = "The calls are those of the management account."
  }
  assert {
    condition     = output.role_name == "vendors/rolecall-inventory"
    error_message = "The output names another role."
  }
}

run "no_unit" {
  command = plan

  variables {
    organizational_unit_ids = []
  }

  expect_failures = [var.organizational_unit_ids]
}

run "no_region" {
  command = plan

  variables {
    region = "Frankfurt"
  }

  expect_failures = [var.region]
}
