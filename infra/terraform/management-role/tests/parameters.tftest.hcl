# Generated from infra/management-role.yaml by `make generate`. Do not edit. `terraform test` (1.7 or newer) calls no account.

mock_provider "aws" {
  mock_resource "aws_cloudformation_stack" {
    defaults = {
      outputs = {
        RoleArn       = "the value of RoleArn"
        RegistryEntry = "the value of RegistryEntry"
      }
    }
  }
}

variables {
  backend_account_id = "999999999999"
  external_id        = "0f8fad5b-d9cb-469f-a165-70867728950e"
}

run "the_defaults_are_those_of_the_template" {
  assert {
    condition = aws_cloudformation_stack.rolecall.parameters == tomap({
      BackendAccountId = "999999999999"
      BackendRoleName  = "rolecall-backend"
      ExternalId       = "0f8fad5b-d9cb-469f-a165-70867728950e"
      RoleName         = "rolecall-organization"
      RolePath         = "/"
    })
    error_message = "The stack has other parameters than the template's defaults."
  }

  assert {
    condition     = output.role_arn == "the value of RoleArn"
    error_message = "The module has another output than RoleArn of the stack."
  }

  assert {
    condition     = output.registry_entry == "the value of RegistryEntry"
    error_message = "The module has another output than RegistryEntry of the stack."
  }
}

run "null_is_the_default" {
  command = plan

  variables {
    backend_role_name        = null
    role_name                = null
    role_path                = null
    permissions_boundary_arn = null
  }

  assert {
    condition = aws_cloudformation_stack.rolecall.parameters == tomap({
      BackendAccountId = "999999999999"
      BackendRoleName  = "rolecall-backend"
      ExternalId       = "0f8fad5b-d9cb-469f-a165-70867728950e"
      RoleName         = "rolecall-organization"
      RolePath         = "/"
    })
    error_message = "A variable that is null does not have the template's default."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    backend_account_id       = "//!! no such value"
    backend_role_name        = "//!! no such value"
    external_id              = "//!! no such value"
    role_name                = "//!! no such value"
    role_path                = "//!! no such value"
    permissions_boundary_arn = "//!! no such value"
  }

  expect_failures = [
    var.backend_account_id,
    var.backend_role_name,
    var.external_id,
    var.role_name,
    var.role_path,
    var.permissions_boundary_arn,
  ]
}
