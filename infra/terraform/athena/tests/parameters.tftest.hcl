# Generated from infra/athena.yaml by `make generate`. Do not edit. `terraform test` (1.7 or newer) calls no account.

mock_provider "aws" {
}

variables {
  template_bucket = "code"
  bucket          = "rolecall-results-999999999999-eu-central-1"
}

run "the_defaults_are_those_of_the_template" {
  assert {
    condition = aws_cloudformation_stack.rolecall.parameters == tomap({
      Bucket           = "rolecall-results-999999999999-eu-central-1"
      Database         = "rolecall"
      FirstDate        = "NOW-400DAYS"
      MostBytesScanned = "107374182400"
    })
    error_message = "The stack has other parameters than the template's defaults."
  }
}

run "null_is_the_default" {
  command = plan

  variables {
    prefix             = null
    database           = null
    first_date         = null
    work_group         = null
    query_results      = null
    most_bytes_scanned = null
  }

  assert {
    condition = aws_cloudformation_stack.rolecall.parameters == tomap({
      Bucket           = "rolecall-results-999999999999-eu-central-1"
      Database         = "rolecall"
      FirstDate        = "NOW-400DAYS"
      MostBytesScanned = "107374182400"
    })
    error_message = "A variable that is null does not have the template's default."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    bucket             = "//!! no such value"
    prefix             = "//!! no such value"
    database           = "//!! no such value"
    first_date         = "//!! no such value"
    work_group         = "//!! no such value"
    query_results      = "//!! no such value"
    most_bytes_scanned = 9999999
  }

  expect_failures = [
    var.bucket,
    var.prefix,
    var.database,
    var.first_date,
    var.work_group,
    var.query_results,
    var.most_bytes_scanned,
  ]
}
