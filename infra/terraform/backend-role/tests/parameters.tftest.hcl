# Generated from infra/backend-role.yaml by `make generate`. Do not edit. `terraform test` (1.7 or newer) calls no account.

mock_provider "aws" {
  mock_resource "aws_cloudformation_stack" {
    defaults = {
      outputs = {
        BackendRoleArn   = "the value of BackendRoleArn"
        BackendRoleName  = "the value of BackendRoleName"
        BackendAccountId = "the value of BackendAccountId"
      }
    }
  }
}

run "the_defaults_are_those_of_the_template" {
  assert {
    condition = aws_cloudformation_stack.rolecall.parameters == tomap({
      Name             = "rolecall"
      RoleName         = "rolecall-backend"
      RolePath         = "/"
      CustomerRoleName = "rolecall-inventory"
      EventBusName     = "default"
      DisableOpenRoles = "no"
      ListOrganization = "no"
      Tracing          = "PassThrough"
      VpcAccess        = "no"
    })
    error_message = "The stack has other parameters than the template's defaults."
  }

  assert {
    condition     = output.backend_role_arn == "the value of BackendRoleArn"
    error_message = "The module has another output than BackendRoleArn of the stack."
  }

  assert {
    condition     = output.backend_role_name == "the value of BackendRoleName"
    error_message = "The module has another output than BackendRoleName of the stack."
  }

  assert {
    condition     = output.backend_account_id == "the value of BackendAccountId"
    error_message = "The module has another output than BackendAccountId of the stack."
  }
}

run "null_is_the_default" {
  command = plan

  variables {
    name                     = null
    role_name                = null
    role_path                = null
    permissions_boundary_arn = null
    customer_role_name       = null
    customer_role_arns       = null
    organization_role_arns   = null
    operator_arns            = null
    results_bucket_name      = null
    registry_bucket_name     = null
    kms_key_arn              = null
    event_bus_name           = null
    disable_open_roles       = null
    list_organization        = null
    tracing                  = null
    vpc_access               = null
  }

  assert {
    condition = aws_cloudformation_stack.rolecall.parameters == tomap({
      Name             = "rolecall"
      RoleName         = "rolecall-backend"
      RolePath         = "/"
      CustomerRoleName = "rolecall-inventory"
      EventBusName     = "default"
      DisableOpenRoles = "no"
      ListOrganization = "no"
      Tracing          = "PassThrough"
      VpcAccess        = "no"
    })
    error_message = "A variable that is null does not have the template's default."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    name                     = "//!! no such value"
    role_name                = "//!! no such value"
    role_path                = "//!! no such value"
    permissions_boundary_arn = "//!! no such value"
    customer_role_name       = "//!! no such value"
    customer_role_arns       = ["//!! no such value"]
    organization_role_arns   = ["//!! no such value"]
    operator_arns            = ["//!! no such value"]
    kms_key_arn              = "//!! no such value"
    event_bus_name           = "//!! no such value"
    disable_open_roles       = "//!! no such value"
    list_organization        = "//!! no such value"
    tracing                  = "//!! no such value"
    vpc_access               = "//!! no such value"
  }

  expect_failures = [
    var.name,
    var.role_name,
    var.role_path,
    var.permissions_boundary_arn,
    var.customer_role_name,
    var.customer_role_arns,
    var.organization_role_arns,
    var.operator_arns,
    var.kms_key_arn,
    var.event_bus_name,
    var.disable_open_roles,
    var.list_organization,
    var.tracing,
    var.vpc_access,
  ]
}
