# `terraform test` (1.7 or newer) in this folder. It plans with a mocked provider, and calls no account.

mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { id = "eu-central-1" }
  }
  mock_data "aws_partition" {
    defaults = { dns_suffix = "amazonaws.com" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "999999999999" }
  }
  # outputs: begin (generated from infra/backend.yaml)
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
  # outputs: end
}

variables {
  backend_role_arn = "arn:aws:iam::999999999999:role/rolecall-backend"
  code_bucket      = "code"
  code_key         = "bootstrap/0123456789abcdef.zip"
}

run "a_request_of_jsonencode_keeps_its_placeholder" {
  command = plan

  variables {
    schedule_request = jsonencode({ scheduled_at = "<aws.scheduler.scheduled-time>", accounts = "all" })
  }

  # What jsonencode makes of it has no placeholder for EventBridge Scheduler.
  assert {
    condition     = !strcontains(var.schedule_request, "<aws.scheduler.scheduled-time>")
    error_message = "jsonencode has changed: the module need not replace anything."
  }
  assert {
    condition = aws_cloudformation_stack.rolecall.parameters["ScheduleRequest"] == (
      "{\"accounts\":\"all\",\"scheduled_at\":\"<aws.scheduler.scheduled-time>\"}"
    )
    error_message = "The placeholder of EventBridge Scheduler is lost."
  }
}

run "lists_and_numbers_are_text" {
  command = plan

  variables {
    invokers    = ["111122223333", "arn:aws:iam::444455556666:role/caller"]
    memory_size = 3008
    keep_days   = 0
  }

  # Of a value that is empty, as most defaults, the stack gets nothing, and takes its own default.
  assert {
    condition     = !contains(keys(aws_cloudformation_stack.rolecall.parameters), "KmsKeyArn")
    error_message = "An empty value is passed, which the provider would not do for one that becomes empty."
  }

  assert {
    condition     = aws_cloudformation_stack.rolecall.parameters["Invokers"] == "111122223333,arn:aws:iam::444455556666:role/caller"
    error_message = "The list is another text."
  }
  assert {
    condition = (
      aws_cloudformation_stack.rolecall.parameters["MemorySize"] == "3008" &&
      aws_cloudformation_stack.rolecall.parameters["KeepDays"] == "0"
    )
    error_message = "A number is another text."
  }
}

run "the_template_is_uploaded_as_it_is" {
  command = plan

  assert {
    condition     = filesha256(aws_s3_object.template[0].source) == filesha256("../../backend.yaml")
    error_message = "Another template is uploaded."
  }
  assert {
    condition = aws_cloudformation_stack.rolecall.template_url == (
      "https://code.s3.eu-central-1.amazonaws.com/templates/${filesha256("../../backend.yaml")}.yaml"
    )
    error_message = "The stack has another template."
  }
  assert {
    condition     = aws_cloudformation_stack.rolecall.name == "rolecall" && length(aws_s3_object.published) == 0
    error_message = "The stack has another name, or published.json is written without a template of the customers."
  }
}

run "an_own_address_of_the_template" {
  command = plan

  variables {
    name         = "other"
    template_url = "https://mine.s3.eu-central-1.amazonaws.com/backend.yaml"
  }

  assert {
    condition     = aws_cloudformation_stack.rolecall.template_url == "https://mine.s3.eu-central-1.amazonaws.com/backend.yaml"
    error_message = "The stack has another template."
  }
  assert {
    condition     = length(aws_s3_object.template) == 0 && aws_cloudformation_stack.rolecall.name == "other"
    error_message = "The template is uploaded all the same, or the stack has another name."
  }
}

run "published" {
  command = plan

  variables {
    customer_role = { url = "https://customers.s3.eu-central-1.amazonaws.com/customer-role/1.yaml", sha256 = "1", module_sha256 = "2" }
  }

  assert {
    condition = aws_s3_object.published[0].bucket == "rolecall-registry-999999999999-eu-central-1" && jsondecode(aws_s3_object.published[0].content) == {
      version          = 1
      backend_role_arn = "arn:aws:iam::999999999999:role/rolecall-backend"
      template_url     = "https://customers.s3.eu-central-1.amazonaws.com/customer-role/1.yaml"
      template_sha256  = "1"
      module_sha256    = "2"
    }
    error_message = "published.json has other values."
  }
}

run "events_of_any_source" {
  command = plan

  variables {
    request_bus_name = "default"
  }

  expect_failures = [aws_cloudformation_stack.rolecall]
}

run "an_empty_value_in_a_list" {
  command = plan

  variables {
    # CloudFormation would get ",111122223333", whose first value is empty: the template takes that for no invoker.
    invokers = ["", "111122223333"]
  }

  expect_failures = [var.invokers]
}

run "no_event_bus" {
  command = plan

  variables {
    event_bus_name = ""
  }

  # The provider would keep the name before if the value became empty.
  assert {
    condition     = aws_cloudformation_stack.rolecall.parameters["EventBusName"] == "none"
    error_message = "Committed runs go to an event bus."
  }
}
