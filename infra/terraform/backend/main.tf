# The function with its buckets, queues, schedule and alarms. The buckets are retained when the stack is destroyed.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  template = "${path.module}/../../backend.yaml"

  # The name that the template gives. The stack's outputs are unknown during each of its updates.
  registry_bucket = var.registry_bucket_name != "" ? var.registry_bucket_name : (
    "${var.name}-registry-${data.aws_caller_identity.current.account_id}-${data.aws_region.current.id}"
  )
}

# CloudFormation takes a template above 51,200 bytes from a bucket only. The previous template is removed after the update.
resource "aws_s3_object" "template" {
  # checkov:skip=CKV_AWS_186:The bucket encrypts its objects. The template has no secrets.
  count        = var.template_url == null ? 1 : 0
  bucket       = var.code_bucket
  key          = "templates/${filesha256(local.template)}.yaml"
  source       = local.template
  content_type = "text/yaml"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudformation_stack" "rolecall" {
  # checkov:skip=CKV_AWS_124:Terraform waits for the stack, and reports its events if it fails.
  name = coalesce(var.stack_name, var.name)
  template_url = var.template_url != null ? var.template_url : (
    "https://${var.code_bucket}.s3.${data.aws_region.current.id}.${data.aws_partition.current.dns_suffix}/${aws_s3_object.template[0].key}"
  )
  parameters   = local.parameters
  capabilities = ["CAPABILITY_NAMED_IAM"]
  tags         = var.tags

  lifecycle {
    precondition {
      condition     = length(local.broken_rules) == 0
      error_message = join(" ", local.broken_rules)
    }
  }
}

# Where the command line finds the role and the customers' template.
resource "aws_s3_object" "published" {
  # checkov:skip=CKV_AWS_186:The bucket encrypts its objects, with a key if one is given.
  count        = var.customer_role == null ? 0 : 1
  bucket       = local.registry_bucket
  key          = "published.json"
  content_type = "application/json"
  content = jsonencode({
    version          = 1
    backend_role_arn = var.backend_role_arn
    template_url     = var.customer_role.url
    template_sha256  = var.customer_role.sha256
    module_sha256    = var.customer_role.module_sha256
  })

  depends_on = [aws_cloudformation_stack.rolecall]
}
