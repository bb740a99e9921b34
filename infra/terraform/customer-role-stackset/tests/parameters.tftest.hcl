# Generated from infra/customer-role.yaml by `make generate`. Do not edit. `terraform test` (1.7 or newer) calls no account.

mock_provider "aws" {
}

variables {
  organizational_unit_ids = ["r-abcd"]
  region                  = "eu-central-1"
  backend_account_id      = "999999999999"
  external_id             = "0f8fad5b-d9cb-469f-a165-70867728950e"
}

run "the_defaults_are_those_of_the_template" {
  assert {
    condition = aws_cloudformation_stack_set.rolecall.parameters == tomap({
      BackendAccountId       = "999999999999"
      BackendRoleName        = "rolecall-backend"
      ExternalId             = "0f8fad5b-d9cb-469f-a165-70867728950e"
      RoleName               = "rolecall-inventory"
      Scope                  = "all"
      SecretBearingReads     = "yes"
      SelfRead               = "no"
      RolePath               = "/"
      PermissionsBoundaryArn = ""
    })
    error_message = "The stack has other parameters than the template's defaults."
  }
}

run "null_is_the_default" {
  command = plan

  variables {
    backend_role_name        = null
    role_name                = null
    scope                    = null
    secret_bearing_reads     = null
    self_read                = null
    role_path                = null
    permissions_boundary_arn = null
  }

  assert {
    condition = aws_cloudformation_stack_set.rolecall.parameters == tomap({
      BackendAccountId       = "999999999999"
      BackendRoleName        = "rolecall-backend"
      ExternalId             = "0f8fad5b-d9cb-469f-a165-70867728950e"
      RoleName               = "rolecall-inventory"
      Scope                  = "all"
      SecretBearingReads     = "yes"
      SelfRead               = "no"
      RolePath               = "/"
      PermissionsBoundaryArn = ""
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
    scope                    = "//!! no such value"
    secret_bearing_reads     = "//!! no such value"
    self_read                = "//!! no such value"
    role_path                = "//!! no such value"
    permissions_boundary_arn = "//!! no such value"
  }

  expect_failures = [
    var.backend_account_id,
    var.backend_role_name,
    var.external_id,
    var.role_name,
    var.scope,
    var.secret_bearing_reads,
    var.self_read,
    var.role_path,
    var.permissions_boundary_arn,
  ]
}
