# Generated from infra/fleet.yaml by `make generate`. Do not edit. A variable that is null has the template's default.

variable "name" {
  type        = string
  nullable    = false
  default     = "rolecall"
  description = "The prefix of all names, the same as in backend.yaml."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,24}$", var.name))
    error_message = "The value must be 1 to 25 lowercase letters, digits and hyphens, a letter first."
  }
}

variable "function_arn" {
  type        = string
  nullable    = false
  default     = ""
  description = "The ARN of the StepsFunction. Empty means the function <Name>-steps in this account and Region."

  validation {
    condition     = can(regex("^(arn:[a-z0-9-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9_-]+)?)?$", var.function_arn))
    error_message = "The value must be the ARN of a function, or empty."
  }
}

variable "results_bucket_name" {
  type        = string
  nullable    = false
  default     = ""
  description = "The name of the results bucket. Empty means <Name>-results-<account>-<region>."
}

variable "results_prefix" {
  type        = string
  nullable    = false
  default     = ""
  description = "The key prefix of all results, as in backend.yaml. Empty means none."

  validation {
    condition     = can(regex("^([A-Za-z0-9!_.*'()=-]+(/[A-Za-z0-9!_.*'()=-]+)*)?$", var.results_prefix))
    error_message = "The value must neither begin nor end with a slash."
  }
}

variable "kms_key_arn" {
  type        = string
  nullable    = false
  default     = ""
  description = "The KMS key of the results bucket, as in backend.yaml. Its key policy must allow this role. Empty means none."

  validation {
    condition     = can(regex("^(arn:[a-z0-9-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+)?$", var.kms_key_arn))
    error_message = "The value must be the ARN of a key (an alias does not work in a policy), or empty."
  }
}

variable "batch_size" {
  type        = number
  nullable    = false
  default     = 25
  description = "The number of accounts in a shard. One invocation of the function runs one shard."

  validation {
    condition     = var.batch_size >= 1 && var.batch_size <= 500
    error_message = "The value must be 1 to 500."
  }
}

variable "max_concurrency" {
  type        = number
  nullable    = false
  default     = 20
  description = "The number of concurrent shards. Multiplied by BatchSize, it is the possible number of AssumeRole calls in one second, of which STS allows 600. The account's unreserved Lambda concurrency must be somewhat higher."

  validation {
    condition     = var.max_concurrency >= 1 && var.max_concurrency <= 1000
    error_message = "The value must be 1 to 1000."
  }
}

variable "tracing" {
  type        = string
  nullable    = false
  default     = "PassThrough"
  description = "Active records traces of the machine in X-Ray."

  validation {
    condition     = contains(["Active", "PassThrough"], var.tracing)
    error_message = "The value must be Active or PassThrough."
  }
}

variable "log_retention_days" {
  type        = number
  nullable    = false
  default     = 90
  description = "The retention of the machine's error log, in days."

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "The value must be 1 or 3 or 5 or 7 or 14 or 30 or 60 or 90 or 120 or 150 or 180 or 365 or 400 or 545 or 731 or 1096 or 1827 or 2192 or 2557 or 2922 or 3288 or 3653."
  }
}

variable "alarm_topic_arn" {
  type        = string
  nullable    = false
  default     = ""
  description = "The SNS topic for alarms. Empty means that alarms only show in CloudWatch."

  validation {
    condition     = can(regex("^(arn:[a-z0-9-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+)?$", var.alarm_topic_arn))
    error_message = "The value must be the ARN of a topic, or empty."
  }
}

locals {
  # The template's parameters, as text.
  values = {
    Name              = var.name
    FunctionArn       = var.function_arn
    ResultsBucketName = var.results_bucket_name
    ResultsPrefix     = var.results_prefix
    KmsKeyArn         = var.kms_key_arn
    BatchSize         = tostring(var.batch_size)
    MaxConcurrency    = tostring(var.max_concurrency)
    Tracing           = var.tracing
    LogRetentionDays  = tostring(var.log_retention_days)
    AlarmTopicArn     = var.alarm_topic_arn
  }

  # The provider passes no value that becomes empty: it keeps the one before. Empty values are left out, and
  # CloudFormation takes the default, which is empty too.
  parameters = { for name, value in local.values : name => value if value != "" }
}
