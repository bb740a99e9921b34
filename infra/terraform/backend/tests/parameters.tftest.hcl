# Generated from infra/backend.yaml by `make generate`. Do not edit. `terraform test` (1.7 or newer) calls no account.

mock_provider "aws" {
  mock_resource "aws_cloudformation_stack" {
    defaults = {
      outputs = {
        FunctionName       = "the value of FunctionName"
        FunctionArn        = "the value of FunctionArn"
        StepsFunctionArn   = "the value of StepsFunctionArn"
        InvokerRoleArn     = "the value of InvokerRoleArn"
        HttpUrl            = "the value of HttpUrl"
        HttpPolicyArn      = "the value of HttpPolicyArn"
        ResultsBucket      = "the value of ResultsBucket"
        Output             = "the value of Output"
        RegistryBucket     = "the value of RegistryBucket"
        Registry           = "the value of Registry"
        RequestQueueUrl    = "the value of RequestQueueUrl"
        RequestQueueArn    = "the value of RequestQueueArn"
        DeadLetterQueueUrl = "the value of DeadLetterQueueUrl"
        DeadLetterQueueArn = "the value of DeadLetterQueueArn"
        ScheduleName       = "the value of ScheduleName"
        LogGroupName       = "the value of LogGroupName"
      }
    }
  }
}

variables {
  backend_role_arn = "arn:aws:iam::999999999999:role/rolecall-backend"
  code_bucket      = "rolecall-code-999999999999-eu-central-1"
  code_key         = "bootstrap/0123456789abcdef.zip"
}

run "the_defaults_are_those_of_the_template" {
  assert {
    condition = aws_cloudformation_stack.rolecall.parameters == tomap({
      Name               = "rolecall"
      BackendRoleArn     = "arn:aws:iam::999999999999:role/rolecall-backend"
      CodeBucket         = "rolecall-code-999999999999-eu-central-1"
      CodeKey            = "bootstrap/0123456789abcdef.zip"
      Architecture       = "arm64"
      MemorySize         = "1769"
      Timeout            = "900"
      Tracing            = "PassThrough"
      Inline             = "no"
      KeepDays           = "400"
      RequireTls         = "true"
      ScheduleExpression = "cron(0 3 * * ? *)"
      ScheduleTimezone   = "UTC"
      ScheduleState      = "DISABLED"
      ScheduleRequest    = "{\"scheduled_at\": \"<aws.scheduler.scheduled-time>\", \"accounts\": \"all\"}"
      ScheduleStarts     = "function"
      Http               = "no"
      EventBusName       = "default"
      Changes            = "no"
      Report             = "no"
      DefaultRequest     = "{\"accounts\": \"all\"}"
      Continuations      = "10"
      DisableOpenRoles   = "no"
      LogLevel           = "info"
      LogRetentionDays   = "90"
      AlarmTimeLeft      = "60000"
      FipsEndpoints      = "no"
      DualStackEndpoints = "no"
    })
    error_message = "The stack has other parameters than the template's defaults."
  }

  assert {
    condition     = output.function_name == "the value of FunctionName"
    error_message = "The module has another output than FunctionName of the stack."
  }

  assert {
    condition     = output.function_arn == "the value of FunctionArn"
    error_message = "The module has another output than FunctionArn of the stack."
  }

  assert {
    condition     = output.steps_function_arn == "the value of StepsFunctionArn"
    error_message = "The module has another output than StepsFunctionArn of the stack."
  }

  assert {
    condition     = output.invoker_role_arn == "the value of InvokerRoleArn"
    error_message = "The module has another output than InvokerRoleArn of the stack."
  }

  assert {
    condition     = output.http_url == "the value of HttpUrl"
    error_message = "The module has another output than HttpUrl of the stack."
  }

  assert {
    condition     = output.http_policy_arn == "the value of HttpPolicyArn"
    error_message = "The module has another output than HttpPolicyArn of the stack."
  }

  assert {
    condition     = output.results_bucket == "the value of ResultsBucket"
    error_message = "The module has another output than ResultsBucket of the stack."
  }

  assert {
    condition     = output.output == "the value of Output"
    error_message = "The module has another output than Output of the stack."
  }

  assert {
    condition     = output.registry_bucket == "the value of RegistryBucket"
    error_message = "The module has another output than RegistryBucket of the stack."
  }

  assert {
    condition     = output.registry == "the value of Registry"
    error_message = "The module has another output than Registry of the stack."
  }

  assert {
    condition     = output.request_queue_url == "the value of RequestQueueUrl"
    error_message = "The module has another output than RequestQueueUrl of the stack."
  }

  assert {
    condition     = output.request_queue_arn == "the value of RequestQueueArn"
    error_message = "The module has another output than RequestQueueArn of the stack."
  }

  assert {
    condition     = output.dead_letter_queue_url == "the value of DeadLetterQueueUrl"
    error_message = "The module has another output than DeadLetterQueueUrl of the stack."
  }

  assert {
    condition     = output.dead_letter_queue_arn == "the value of DeadLetterQueueArn"
    error_message = "The module has another output than DeadLetterQueueArn of the stack."
  }

  assert {
    condition     = output.schedule_name == "the value of ScheduleName"
    error_message = "The module has another output than ScheduleName of the stack."
  }

  assert {
    condition     = output.log_group_name == "the value of LogGroupName"
    error_message = "The module has another output than LogGroupName of the stack."
  }
}

run "null_is_the_default" {
  command = plan

  variables {
    name                    = null
    architecture            = null
    memory_size             = null
    timeout                 = null
    reserved_concurrency    = null
    tracing                 = null
    invokers                = null
    inline                  = null
    results_bucket_name     = null
    results_prefix          = null
    registry_bucket_name    = null
    kms_key_arn             = null
    keep_days               = null
    results_readers         = null
    registry_administrators = null
    registry_topic_arn      = null
    require_tls             = null
    schedule_expression     = null
    schedule_timezone       = null
    schedule_state          = null
    schedule_request        = null
    schedule_starts         = null
    request_bus_name        = null
    request_source          = null
    request_topic_arn       = null
    http                    = null
    event_bus_name          = null
    changes                 = null
    report                  = null
    default_request         = null
    format                  = null
    sts_region              = null
    continuations           = null
    account_budget          = null
    trust_interval          = null
    disable_open_roles      = null
    log_level               = null
    log_retention_days      = null
    alarm_topic_arn         = null
    alarm_time_left         = null
    subnet_ids              = null
    security_group_ids      = null
    https_proxy             = null
    no_proxy                = null
    fips_endpoints          = null
    dual_stack_endpoints    = null
    endpoint_url            = null
  }

  assert {
    condition = aws_cloudformation_stack.rolecall.parameters == tomap({
      Name               = "rolecall"
      BackendRoleArn     = "arn:aws:iam::999999999999:role/rolecall-backend"
      CodeBucket         = "rolecall-code-999999999999-eu-central-1"
      CodeKey            = "bootstrap/0123456789abcdef.zip"
      Architecture       = "arm64"
      MemorySize         = "1769"
      Timeout            = "900"
      Tracing            = "PassThrough"
      Inline             = "no"
      KeepDays           = "400"
      RequireTls         = "true"
      ScheduleExpression = "cron(0 3 * * ? *)"
      ScheduleTimezone   = "UTC"
      ScheduleState      = "DISABLED"
      ScheduleRequest    = "{\"scheduled_at\": \"<aws.scheduler.scheduled-time>\", \"accounts\": \"all\"}"
      ScheduleStarts     = "function"
      Http               = "no"
      EventBusName       = "default"
      Changes            = "no"
      Report             = "no"
      DefaultRequest     = "{\"accounts\": \"all\"}"
      Continuations      = "10"
      DisableOpenRoles   = "no"
      LogLevel           = "info"
      LogRetentionDays   = "90"
      AlarmTimeLeft      = "60000"
      FipsEndpoints      = "no"
      DualStackEndpoints = "no"
    })
    error_message = "A variable that is null does not have the template's default."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    name                    = "//!! no such value"
    backend_role_arn        = "//!! no such value"
    code_bucket             = ""
    code_key                = ""
    architecture            = "//!! no such value"
    memory_size             = 255
    timeout                 = 29
    reserved_concurrency    = "//!! no such value"
    tracing                 = "//!! no such value"
    invokers                = ["//!! no such value"]
    inline                  = "//!! no such value"
    results_prefix          = "//!! no such value"
    kms_key_arn             = "//!! no such value"
    keep_days               = -1
    results_readers         = ["//!! no such value"]
    registry_administrators = ["//!! no such value"]
    registry_topic_arn      = "//!! no such value"
    require_tls             = "//!! no such value"
    schedule_expression     = ""
    schedule_timezone       = ""
    schedule_state          = "//!! no such value"
    schedule_request        = ""
    schedule_starts         = "//!! no such value"
    request_bus_name        = "//!! no such value"
    request_source          = "//!! no such value"
    request_topic_arn       = "//!! no such value"
    http                    = "//!! no such value"
    event_bus_name          = "//!! no such value"
    changes                 = "//!! no such value"
    report                  = "//!! no such value"
    default_request         = ""
    format                  = "//!! no such value"
    continuations           = -1
    trust_interval          = "//!! no such value"
    disable_open_roles      = "//!! no such value"
    log_level               = "//!! no such value"
    log_retention_days      = 3654
    alarm_topic_arn         = "//!! no such value"
    alarm_time_left         = -1
    subnet_ids              = ["//!! no such value"]
    security_group_ids      = ["//!! no such value"]
    https_proxy             = "//!! no such value"
    no_proxy                = "//!! no such value"
    fips_endpoints          = "//!! no such value"
    dual_stack_endpoints    = "//!! no such value"
  }

  expect_failures = [
    var.name,
    var.backend_role_arn,
    var.code_bucket,
    var.code_key,
    var.architecture,
    var.memory_size,
    var.timeout,
    var.reserved_concurrency,
    var.tracing,
    var.invokers,
    var.inline,
    var.results_prefix,
    var.kms_key_arn,
    var.keep_days,
    var.results_readers,
    var.registry_administrators,
    var.registry_topic_arn,
    var.require_tls,
    var.schedule_expression,
    var.schedule_timezone,
    var.schedule_state,
    var.schedule_request,
    var.schedule_starts,
    var.request_bus_name,
    var.request_source,
    var.request_topic_arn,
    var.http,
    var.event_bus_name,
    var.changes,
    var.report,
    var.default_request,
    var.format,
    var.continuations,
    var.trust_interval,
    var.disable_open_roles,
    var.log_level,
    var.log_retention_days,
    var.alarm_topic_arn,
    var.alarm_time_left,
    var.subnet_ids,
    var.security_group_ids,
    var.https_proxy,
    var.no_proxy,
    var.fips_endpoints,
    var.dual_stack_endpoints,
  ]
}
