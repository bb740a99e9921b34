# Generated from infra/fleet.yaml by `make generate`. Do not edit. `terraform test` (1.7 or newer) calls no account.

mock_provider "aws" {
  mock_resource "aws_cloudformation_stack" {
    defaults = {
      outputs = {
        StateMachineArn = "the value of StateMachineArn"
        LogGroupName    = "the value of LogGroupName"
      }
    }
  }
}

run "the_defaults_are_those_of_the_template" {
  assert {
    condition = aws_cloudformation_stack.rolecall.parameters == tomap({
      Name             = "rolecall"
      BatchSize        = "25"
      MaxConcurrency   = "20"
      Tracing          = "PassThrough"
      LogRetentionDays = "90"
    })
    error_message = "The stack has other parameters than the template's defaults."
  }

  assert {
    condition     = output.state_machine_arn == "the value of StateMachineArn"
    error_message = "The module has another output than StateMachineArn of the stack."
  }

  assert {
    condition     = output.log_group_name == "the value of LogGroupName"
    error_message = "The module has another output than LogGroupName of the stack."
  }
}

run "null_is_the_default" {
  command = plan

  variables {
    name                = null
    function_arn        = null
    results_bucket_name = null
    results_prefix      = null
    kms_key_arn         = null
    batch_size          = null
    max_concurrency     = null
    tracing             = null
    log_retention_days  = null
    alarm_topic_arn     = null
  }

  assert {
    condition = aws_cloudformation_stack.rolecall.parameters == tomap({
      Name             = "rolecall"
      BatchSize        = "25"
      MaxConcurrency   = "20"
      Tracing          = "PassThrough"
      LogRetentionDays = "90"
    })
    error_message = "A variable that is null does not have the template's default."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    name               = "//!! no such value"
    function_arn       = "//!! no such value"
    results_prefix     = "//!! no such value"
    kms_key_arn        = "//!! no such value"
    batch_size         = 0
    max_concurrency    = 0
    tracing            = "//!! no such value"
    log_retention_days = 3654
    alarm_topic_arn    = "//!! no such value"
  }

  expect_failures = [
    var.name,
    var.function_arn,
    var.results_prefix,
    var.kms_key_arn,
    var.batch_size,
    var.max_concurrency,
    var.tracing,
    var.log_retention_days,
    var.alarm_topic_arn,
  ]
}
