# Tables and views for Athena over the results bucket. A stack has at most 500 resources, so they are in two.

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  template       = "${path.module}/../../athena.yaml"
  names_template = "${path.module}/../../athena-names.yaml"
  stack_name     = coalesce(var.stack_name, "rolecall-athena")
  own_templates  = "https://${coalesce(var.template_bucket, "none")}.s3.${data.aws_region.current.id}.${data.aws_partition.current.dns_suffix}"
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
  name         = local.stack_name
  template_url = var.template_url != null ? var.template_url : "${local.own_templates}/${aws_s3_object.template[0].key}"
  parameters   = local.parameters
  tags         = var.tags

  lifecycle {
    precondition {
      condition     = length(local.broken_rules) == 0
      error_message = join(" ", local.broken_rules)
    }
  }
}

resource "aws_s3_object" "names_template" {
  # checkov:skip=CKV_AWS_186:The bucket encrypts its objects. The template has no secrets.
  count        = var.names_template_url == null && var.template_bucket != null ? 1 : 0
  bucket       = var.template_bucket
  key          = "templates/${filesha256(local.names_template)}.yaml"
  source       = local.names_template
  content_type = "text/yaml"

  lifecycle {
    create_before_destroy = true
  }
}

# The tables that the first stack has no room for. Their views read those of the first.
resource "aws_cloudformation_stack" "names" {
  # checkov:skip=CKV_AWS_124:Terraform waits for the stack, and reports its events if it fails.
  name = "${local.stack_name}-names"
  template_url = var.names_template_url != null ? var.names_template_url : (
    "${local.own_templates}/${one(aws_s3_object.names_template[*].key)}"
  )
  parameters = {
    for name, value in local.parameters : name => value if contains(["Bucket", "Prefix", "Database", "FirstDate"], name)
  }
  tags = var.tags

  lifecycle {
    precondition {
      condition     = var.names_template_url != null || var.template_bucket != null
      error_message = "Give names_template_url too, the address of athena-names.yaml, or template_bucket."
    }
  }

  depends_on = [aws_cloudformation_stack.rolecall]
}
