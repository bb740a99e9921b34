# `terraform test` (1.7 or newer) in this folder. It plans with a mocked provider, and calls no account.

mock_provider "aws" {
  override_data {
    target = data.aws_partition.current
    values = { partition = "aws" }
  }
  override_data {
    target = data.aws_caller_identity.current
    values = { account_id = "111122223333" }
  }
}

variables {
  backend_account_id = "999999999999"
  external_id        = "0f8fad5b-d9cb-469f-a165-70867728950e"
}

run "defaults" {
  command = plan

  assert {
    condition     = aws_iam_role.inventory.name == "rolecall-inventory" && aws_iam_role.inventory.path == "/"
    error_message = "The role has another name."
  }
  assert {
    condition = jsondecode(aws_iam_role.inventory.assume_role_policy).Statement[0].Condition == {
      ArnEquals    = { "aws:PrincipalArn" = "arn:aws:iam::999999999999:role/rolecall-backend" }
      StringEquals = { "sts:ExternalId" = "0f8fad5b-d9cb-469f-a165-70867728950e" }
    }
    error_message = "The trust has other conditions."
  }
  assert {
    condition = length(setsubtract(
      ["ec2:DescribeRegions", "ec2:DescribeInstances", "route53:ListHostedZones", "s3:ListAllMyBuckets"],
      flatten([for one in jsondecode(aws_iam_role_policy.reads.policy).Statement : one.Action if one.Effect == "Allow"])
    )) == 0
    error_message = "The role may not read what each scope has."
  }
  assert {
    condition = alltrue([
      for action in flatten([for one in jsondecode(aws_iam_role_policy.reads.policy).Statement : one.Action]) :
      !strcontains(action, "*")
    ])
    error_message = "An action has a wildcard."
  }
  assert {
    condition = contains(
      [for one in jsondecode(aws_iam_role_policy.reads.policy).Statement : one.Sid if one.Effect == "Deny"],
      "NeverReadSecrets"
    )
    error_message = "The reads of secrets are not denied."
  }
  assert {
    condition     = length(aws_iam_role_policy.self_read) == 0
    error_message = "The role reads itself although nobody asked for that."
  }
  assert {
    condition     = output.trusted_role_arn == "arn:aws:iam::999999999999:role/rolecall-backend"
    error_message = "The output names another role."
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
    tags                     = null
  }

  assert {
    condition     = aws_iam_role.inventory.name == "rolecall-inventory" && aws_iam_role.inventory.permissions_boundary == null
    error_message = "A null is no default."
  }
}

run "own_rules" {
  command = plan

  variables {
    backend_role_name        = "team/rolecall-backend"
    scope                    = "dns"
    secret_bearing_reads     = "no"
    self_read                = "yes"
    role_path                = "/vendors/"
    permissions_boundary_arn = "arn:aws:iam::111122223333:policy/boundary"
    tags                     = { vendor = "rolecall" }
  }

  assert {
    condition = setintersection(
      ["ec2:DescribeRegions", "ec2:DescribeInstances", "route53:ListHostedZones", "s3:ListAllMyBuckets"],
      flatten([for one in jsondecode(aws_iam_role_policy.reads.policy).Statement : one.Action if one.Effect == "Allow"])
    ) == toset(["ec2:DescribeRegions", "route53:ListHostedZones"])
    error_message = "The role may read what another scope has."
  }
  assert {
    condition = toset(
      [for one in jsondecode(aws_iam_role_policy.reads.policy).Statement : one.Sid if one.Effect == "Deny"]
    ) == toset(["NeverReadSecrets", "NoSecretBearingReads"])
    error_message = "The reads whose answers also have secrets are not denied."
  }
  assert {
    condition = jsondecode(aws_iam_role_policy.self_read[0].policy).Statement[0].Resource == (
      "arn:aws:iam::111122223333:role/vendors/rolecall-inventory"
    )
    error_message = "The role reads another role."
  }
  assert {
    condition     = aws_iam_role.inventory.tags == tomap({ vendor = "rolecall" })
    error_message = "The role has other tags."
  }
}

run "a_boundary_of_another_partition" {
  command = plan

  variables {
    permissions_boundary_arn = "arn:aws-cn:iam::111122223333:policy/boundary"
  }

  expect_failures = [aws_iam_role.inventory]
}

run "a_name_that_no_role_has" {
  command = plan

  variables {
    # 65 characters after the path.
    backend_role_name = "team/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }

  expect_failures = [var.backend_role_name]
}
