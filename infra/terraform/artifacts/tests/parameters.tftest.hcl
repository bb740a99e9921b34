# Generated from infra/artifacts.yaml by `make generate`. Do not edit. `terraform test` (1.7 or newer) calls no account.

mock_provider "aws" {
  mock_resource "aws_cloudformation_stack" {
    defaults = {
      outputs = {
        CodeBucket        = "the value of CodeBucket"
        TemplateBucket    = "the value of TemplateBucket"
        TemplateBucketUrl = "the value of TemplateBucketUrl"
      }
    }
  }
}

run "the_defaults_are_those_of_the_template" {
  assert {
    condition = aws_cloudformation_stack.rolecall.parameters == tomap({
      Name           = "rolecall"
      TemplatePublic = "false"
      RequireTls     = "true"
    })
    error_message = "The stack has other parameters than the template's defaults."
  }
}

run "null_is_the_default" {
  command = plan

  variables {
    name                          = null
    template_readers              = null
    template_readers_organization = null
    template_public               = null
    require_tls                   = null
  }

  assert {
    condition = aws_cloudformation_stack.rolecall.parameters == tomap({
      Name           = "rolecall"
      TemplatePublic = "false"
      RequireTls     = "true"
    })
    error_message = "A variable that is null does not have the template's default."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    name                          = "//!! no such value"
    template_readers              = ["//!! no such value"]
    template_readers_organization = "//!! no such value"
    template_public               = "//!! no such value"
    require_tls                   = "//!! no such value"
  }

  expect_failures = [
    var.name,
    var.template_readers,
    var.template_readers_organization,
    var.template_public,
    var.require_tls,
  ]
}
