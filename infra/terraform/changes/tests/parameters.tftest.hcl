# Generated from infra/changes.yaml by `make generate`. Do not edit. `terraform test` (1.7 or newer) calls no account.

mock_provider "aws" {
  mock_resource "aws_cloudformation_stack" {
    defaults = {
      outputs = {
        TopicArn = "the value of TopicArn"
      }
    }
  }
}

run "the_defaults_are_those_of_the_template" {
  assert {
    condition = aws_cloudformation_stack.rolecall.parameters == tomap({
      Name         = "rolecall"
      EventBusName = "default"
    })
    error_message = "The stack has other parameters than the template's defaults."
  }

  assert {
    condition     = output.topic_arn == "the value of TopicArn"
    error_message = "The module has another output than TopicArn of the stack."
  }
}

run "null_is_the_default" {
  command = plan

  variables {
    name               = null
    event_bus_name     = null
    kms_key_id         = null
    slack_workspace_id = null
    slack_channel_id   = null
    teams_tenant_id    = null
    teams_team_id      = null
    teams_channel_id   = null
  }

  assert {
    condition = aws_cloudformation_stack.rolecall.parameters == tomap({
      Name         = "rolecall"
      EventBusName = "default"
    })
    error_message = "A variable that is null does not have the template's default."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    name               = "//!! no such value"
    event_bus_name     = "//!! no such value"
    slack_workspace_id = "//!! no such value"
    slack_channel_id   = "//!! no such value"
    teams_tenant_id    = "//!! no such value"
    teams_team_id      = "//!! no such value"
    teams_channel_id   = "//!! no such value"
  }

  expect_failures = [
    var.name,
    var.event_bus_name,
    var.slack_workspace_id,
    var.slack_channel_id,
    var.teams_tenant_id,
    var.teams_team_id,
    var.teams_channel_id,
  ]
}
