# `terraform test` (1.7 or newer) in this folder. It plans with a mocked provider, and calls no account.

mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { id = "eu-central-1" }
  }
  mock_data "aws_partition" {
    defaults = { dns_suffix = "amazonaws.com" }
  }
}

variables {
  bucket          = "results"
  template_bucket = "code"
}

run "the_template_is_uploaded_as_it_is" {
  assert {
    condition     = filesha256(aws_s3_object.template[0].source) == filesha256("../../athena.yaml")
    error_message = "Another template is uploaded."
  }
  assert {
    condition = aws_cloudformation_stack.rolecall.template_url == (
      "https://code.s3.eu-central-1.amazonaws.com/templates/${filesha256("../../athena.yaml")}.yaml"
    )
    error_message = "The stack has another template."
  }
}

run "the_second_stack_has_the_other_tables" {
  variables {
    prefix        = "a/b"
    work_group    = "readers"
    query_results = "s3://answers/"
  }

  assert {
    condition     = filesha256(aws_s3_object.names_template[0].source) == filesha256("../../athena-names.yaml")
    error_message = "Another template is uploaded."
  }
  assert {
    condition = aws_cloudformation_stack.names.template_url == (
      "https://code.s3.eu-central-1.amazonaws.com/templates/${filesha256("../../athena-names.yaml")}.yaml"
    )
    error_message = "The stack has another template."
  }
  assert {
    condition     = aws_cloudformation_stack.names.name == "rolecall-athena-names"
    error_message = "The stack has another name."
  }
  assert {
    condition = aws_cloudformation_stack.names.parameters == tomap({
      Bucket = "results", Prefix = "a/b", Database = "rolecall", FirstDate = "NOW-400DAYS"
    })
    error_message = "It has other parameters than its template."
  }
}

run "own_templates_need_both_addresses" {
  command = plan

  variables {
    template_bucket = null
    template_url    = "https://own.example.com/athena.yaml"
  }

  expect_failures = [aws_cloudformation_stack.names]
}

run "large_numbers_have_no_exponent" {
  command = plan

  variables {
    most_bytes_scanned = 1099511627776
  }

  assert {
    condition     = aws_cloudformation_stack.rolecall.parameters["MostBytesScanned"] == "1099511627776"
    error_message = "The number is another text."
  }
}

run "a_workgroup_without_results" {
  command = plan

  variables {
    work_group = "rolecall"
  }

  expect_failures = [aws_cloudformation_stack.rolecall]
}

run "no_place_for_the_template" {
  command = plan

  variables {
    template_bucket = null
  }

  expect_failures = [aws_s3_object.template[0]]
}
