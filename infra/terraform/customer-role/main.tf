# To the administrator who reviews this module:
#
# It makes one IAM role and nothing else, the same as customer-role.yaml. The role can be entered by one role of one
# other account (the backend), only with the external ID that this backend made for you, for one hour at a time. It
# may make the calls listed in actions.tf and no others: there is no wildcard in an action, and no call that writes.
# Whatever the backend reads shows in your CloudTrail under session names that begin with "rolecall-". To end the
# access, destroy the module.

data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

locals {
  backend = "arn:${data.aws_partition.current.partition}:iam::${var.backend_account_id}"

  granted = {
    all     = concat(local.actions_always, local.actions_network, local.actions_dns)
    network = concat(local.actions_always, local.actions_network)
    dns     = concat(local.actions_always, local.actions_dns)
  }

  trust_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "TheBackendRoleWithYourExternalId"
        Effect = "Allow"
        Action = "sts:AssumeRole"
        # The principal is the backend's account as a whole, and the condition narrows it to one role of it. Naming
        # the role as the principal would look stricter, but IAM stores such a principal by its internal id: your
        # trust would silently break on the day that the backend's role is made anew.
        Principal = {
          AWS = "${local.backend}:root"
        }
        Condition = {
          ArnEquals = {
            "aws:PrincipalArn" = "${local.backend}:role/${var.backend_role_name}"
          }
          # The external ID makes sure that the backend comes on your behalf, and not on behalf of another customer
          # who gave it your account's number.
          StringEquals = {
            "sts:ExternalId" = var.external_id
          }
        }
      },
    ]
  }

  reads_policy = {
    Version = "2012-10-17"
    Statement = [
      # These calls list resources of the whole account; AWS offers no narrower resource than "*" for most of them.
      {
        Sid      = "Read"
        Effect   = "Allow"
        Action   = local.granted[var.scope]
        Resource = "*"
      },
      # Nothing above allows these calls. This statement forbids them as well, so that no policy that somebody
      # attaches to this role later can open them.
      {
        Sid      = "NeverReadSecrets"
        Effect   = "Deny"
        Action   = local.actions_never
        Resource = "*"
      },
    ]
  }
}

resource "aws_iam_role" "inventory" {
  name        = var.role_name
  path        = var.role_path
  description = "Entered by rolecall to list networks, machines and DNS. Read only."
  # One hour is AWS's shortest ceiling for a role; rolecall asks for no more.
  max_session_duration = 3600
  permissions_boundary = var.permissions_boundary_arn == "" ? null : var.permissions_boundary_arn
  assume_role_policy   = jsonencode(local.trust_policy)
}

resource "aws_iam_role_policy" "reads" {
  # checkov:skip=CKV_AWS_355:AWS offers no narrower resource for most of these reads, and an inventory asks for all.
  name   = "rolecall-reads"
  role   = aws_iam_role.inventory.id
  policy = jsonencode(local.reads_policy)
}
