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
}

run "the_customers_template_is_published" {
  assert {
    condition     = aws_cloudformation_stack.rolecall.template_body == file("../../artifacts.yaml")
    error_message = "The stack has another template."
  }
  assert {
    condition = output.customer_role == {
      url    = "https://rolecall-customers-999999999999-eu-central-1.s3.eu-central-1.amazonaws.com/customer-role/${filesha256("../../customer-role.yaml")}.yaml"
      sha256 = filesha256("../../customer-role.yaml")

      module_sha256 = filesha256("../customer-role.zip")
    }
    error_message = "The customers' template has another address."
  }
  assert {
    condition     = aws_s3_object.customer_module[0].key == "customer-role/${filesha256("../customer-role.zip")}.zip"
    error_message = "The customers' module has another key than `make deploy` gives it."
  }
  assert {
    condition     = aws_s3_object.customer_role[0].bucket == "rolecall-customers-999999999999-eu-central-1" && output.code_key == null
    error_message = "The template is in another bucket, or there is code without a package."
  }
}

run "a_package" {
  variables {
    package               = "main.tf" # any file
    publish_customer_role = false
  }

  assert {
    condition     = output.code_key == "bootstrap/${substr(filesha256("main.tf"), 0, 16)}.zip"
    error_message = "The package has another key than `make deploy` gives it."
  }
  assert {
    condition     = aws_s3_object.package[0].bucket == "rolecall-code-999999999999-eu-central-1" && output.customer_role == null
    error_message = "The package is in another bucket, or the customers' template is published."
  }
}
