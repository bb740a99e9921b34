# Tables and views for Athena over the results bucket.

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  template = "${path.module}/../../athena.yaml"
}

# CloudFormation takes a template above 51,200 bytes from a bucket only. The previous template is removed after the update.
resource "aws_s3_object" "template" {
  # checkov:skip=CKV_AWS_186:The bucket encrypts its objects. The template has no secrets.
  count        = var.template_url == null ? 1 : 0
  bucket       = var.template_bucket
  key          = "templates/${filesha256(local.template)}.yaml"
  source       = local.template
  content_type = "text/yaml"

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = var.template_bucket != null
      error_message = "Give template_bucket (such as the code bucket of the module artifacts) or template_url."
    }
  }
}

resource "aws_cloudformation_stack" "rolecall" {
  # checkov:skip=CKV_AWS_124:Terraform waits for the stack, and reports its events if it fails.
  name = coalesce(var.stack_name, "rolecall-athena")
  template_url = var.template_url != null ? var.template_url : (
    "https://${var.template_bucket}.s3.${data.aws_region.current.id}.${data.aws_partition.current.dns_suffix}/${aws_s3_object.template[0].key}"
  )
  parameters = local.parameters
  tags       = var.tags

  lifecycle {
    precondition {
      condition     = length(local.broken_rules) == 0
      error_message = join(" ", local.broken_rules)
    }
  }
}
