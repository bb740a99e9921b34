# The buckets for the function's code and for the customers' template, and what `make deploy` writes there. Both buckets
# are retained when the stack is destroyed.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  customer_role   = "${path.module}/../../customer-role.yaml"
  customer_module = "${path.module}/../customer-role.zip"

  # The names that the template gives. The stack's outputs are unknown during each of its updates, and an object whose
  # bucket is unknown would be made anew.
  suffix              = "${data.aws_caller_identity.current.account_id}-${data.aws_region.current.id}"
  code_bucket         = "${var.name}-code-${local.suffix}"
  template_bucket     = "${var.name}-customers-${local.suffix}"
  template_bucket_url = "https://${local.template_bucket}.s3.${data.aws_region.current.id}.${data.aws_partition.current.dns_suffix}"
}

resource "aws_cloudformation_stack" "rolecall" {
  # checkov:skip=CKV_AWS_124:Terraform waits for the stack, and reports its events if it fails.
  name          = coalesce(var.stack_name, "${var.name}-artifacts")
  template_body = file("${path.module}/../../artifacts.yaml")
  parameters    = local.parameters
  tags          = var.tags
}

# Each version of the code has a key of its own. The previous one is removed after the update of the function: a failed
# update goes back to it.
resource "aws_s3_object" "package" {
  # checkov:skip=CKV_AWS_186:The bucket encrypts its objects. The code has no secrets.
  count        = var.package == null ? 0 : 1
  bucket       = local.code_bucket
  key          = "bootstrap/${substr(filesha256(var.package), 0, 16)}.zip"
  source       = var.package
  content_type = "application/zip"

  depends_on = [aws_cloudformation_stack.rolecall]

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_s3_object" "customer_role" {
  # checkov:skip=CKV_AWS_186:Readers in other accounts could not use a key of this account.
  count        = var.publish_customer_role ? 1 : 0
  bucket       = local.template_bucket
  key          = "customer-role/${filesha256(local.customer_role)}.yaml"
  source       = local.customer_role
  content_type = "text/yaml"

  depends_on = [aws_cloudformation_stack.rolecall]

  lifecycle {
    create_before_destroy = true
  }
}

# The Terraform module of the same role, packed. It lies beside the template.
resource "aws_s3_object" "customer_module" {
  # checkov:skip=CKV_AWS_186:Readers in other accounts could not use a key of this account.
  count        = var.publish_customer_role ? 1 : 0
  bucket       = local.template_bucket
  key          = "customer-role/${filesha256(local.customer_module)}.zip"
  source       = local.customer_module
  content_type = "application/zip"

  depends_on = [aws_cloudformation_stack.rolecall]

  lifecycle {
    create_before_destroy = true
  }
}

output "code_key" {
  description = "The key of the package: the variable code_key of the module backend. Null without a package."
  value       = one(aws_s3_object.package[*].key)
}

output "customer_role" {
  description = "The customers' template: the variable customer_role of the module backend. Null if it is not published."
  value = one([
    for one in aws_s3_object.customer_role : {
      url           = "${local.template_bucket_url}/${one.key}"
      sha256        = filesha256(local.customer_role)
      module_sha256 = filesha256(local.customer_module)
    }
  ])
}
