# To the administrator who reviews this module:
#
# The module has one IAM role and nothing else, the same as customer-role.yaml. One role of one other account (the
# backend) can assume it, only with the external ID that the backend made for you, for one hour at a time. It allows the
# calls listed in actions.tf and no others, and with self_read it reads itself. No action has a wildcard, and no call
# writes. Your CloudTrail logs every call of the backend, with session names that begin with "rolecall-". To end the
# access, destroy the module.

data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

locals {
  backend = "arn:${data.aws_partition.current.partition}:iam::${var.backend_account_id}"

  # The statements of each value of scope and of secret_bearing_reads.
  granted = {
    all     = ["ReadAlways", "ReadNetworkOrDns", "ReadNetwork", "ReadDns", "ReadNames", "ReadDomainNames"]
    network = ["ReadAlways", "ReadNetworkOrDns", "ReadNetwork"]
    dns     = ["ReadAlways", "ReadNetworkOrDns", "ReadDns"]
    names   = ["ReadAlways", "ReadNames", "ReadDomainNames"]
  }

  denied = {
    yes = ["NeverReadSecrets"]
    no  = ["NeverReadSecrets", "NoSecretBearingReads"]
  }

  statements = {
    ReadAlways       = { Effect = "Allow", Action = local.actions_always }
    ReadNetworkOrDns = { Effect = "Allow", Action = local.actions_either }
    ReadNetwork      = { Effect = "Allow", Action = local.actions_network }
    ReadDns          = { Effect = "Allow", Action = local.actions_dns }
    ReadNames        = { Effect = "Allow", Action = local.actions_names }
    # The action would allow all reads of API Gateway.
    ReadDomainNames = {
      Effect   = "Allow"
      Action   = ["apigateway:GET"]
      Resource = "arn:${data.aws_partition.current.partition}:apigateway:*::/domainnames"
    }
    # Calls that return secrets. No statement above allows them. This explicit deny also overrides any policy that is
    # attached to the role later.
    NeverReadSecrets = { Effect = "Deny", Action = local.actions_never }
    # These reads also return secrets or personal data: pre-shared keys, user data, client secrets, the contacts of
    # domains, headers for origins and BGP keys. The deny overrides the statements above.
    NoSecretBearingReads = { Effect = "Deny", Action = local.secret_bearing }
  }

  secret_bearing = [
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeSpotFleetRequests",
    "ec2:DescribeSpotInstanceRequests",
    "ec2:DescribeVerifiedAccessTrustProviders",
    "ec2:DescribeVpnConnections",
    "cloudfront:ListDistributions",
    "directconnect:DescribeVirtualInterfaces",
    "route53domains:GetDomainDetail",
  ]

  trust_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "TheBackendRoleWithYourExternalId"
        Effect = "Allow"
        Action = "sts:AssumeRole"
        # The principal is the backend's account, and the condition limits it to one role. A role as the principal would
        # look stricter, but IAM stores such a principal by its internal id. The trust would silently break if the
        # backend's role were deleted and created again.
        Principal = {
          AWS = "${local.backend}:root"
        }
        Condition = {
          ArnEquals = {
            "aws:PrincipalArn" = "${local.backend}:role/${var.backend_role_name}"
          }
          # The external ID proves that the backend acts on your behalf, and not on behalf of another customer who gave
          # it your account id.
          StringEquals = {
            "sts:ExternalId" = var.external_id
          }
        }
      },
    ]
  }

  # These calls list resources of the whole account. For most of them AWS supports no narrower resource than "*".
  reads_policy = {
    Version = "2012-10-17"
    Statement = [
      for sid in concat(local.granted[var.scope], local.denied[var.secret_bearing_reads]) :
      merge({ Sid = sid, Resource = "*" }, local.statements[sid])
    ]
  }

  # The role reads itself, and the documents of policies that AWS manages, which are public, and of the boundary. Another
  # policy of your own is listed by its name if it is attached to the role, but its document stays unread.
  self_read_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ReadOwnRole"
        Effect   = "Allow"
        Action   = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"]
        Resource = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role${var.role_path}${var.role_name}"
      },
      {
        Sid      = "ReadPolicyDocuments"
        Effect   = "Allow"
        Action   = ["iam:GetPolicy", "iam:GetPolicyVersion"]
        Resource = compact(["arn:${data.aws_partition.current.partition}:iam::aws:policy/*", var.permissions_boundary_arn])
      },
    ]
  }
}

resource "aws_iam_role" "inventory" {
  name        = var.role_name
  path        = var.role_path
  description = "Assumed by rolecall to list networks, instances, DNS zones and holders of names. Read-only."
  # One hour is AWS's minimum for this limit. rolecall requests no longer sessions.
  max_session_duration = 3600
  permissions_boundary = var.permissions_boundary_arn == "" ? null : var.permissions_boundary_arn
  assume_role_policy   = jsonencode(local.trust_policy)
  tags                 = var.tags

  lifecycle {
    precondition {
      condition     = var.permissions_boundary_arn == "" || startswith(var.permissions_boundary_arn, "arn:${data.aws_partition.current.partition}:")
      error_message = "permissions_boundary_arn must be of this account's partition."
    }
  }
}

resource "aws_iam_role_policy" "reads" {
  # checkov:skip=CKV_AWS_355:AWS supports no narrower resource for most of these reads, and an inventory reads all.
  name   = "rolecall-reads"
  role   = aws_iam_role.inventory.id
  policy = jsonencode(local.reads_policy)
}

# Without this policy, the service can only try who gets in. It cannot see whom the trust policy lets in besides.
resource "aws_iam_role_policy" "self_read" {
  count  = var.self_read == "yes" ? 1 : 0
  name   = "rolecall-self-read"
  role   = aws_iam_role.inventory.id
  policy = jsonencode(local.self_read_policy)
}
