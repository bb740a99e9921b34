# Generated from infra/athena.yaml by `make generate`. Do not edit. A variable that is null has the template's default.

variable "bucket" {
  type        = string
  nullable    = false
  description = "The results bucket."

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "The value must match ^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$."
  }
}

variable "prefix" {
  type        = string
  nullable    = false
  default     = ""
  description = "The prefix of rolecall's output (s3://bucket/prefix), with or without a slash at its end."

  validation {
    condition     = can(regex("^([^/]+(/[^/]+)*/?)?$", var.prefix))
    error_message = "The value must not begin with a slash or contain two in a row."
  }
}

variable "database" {
  type        = string
  nullable    = false
  default     = "rolecall"
  description = "The name of the Glue database to create."

  validation {
    condition     = can(regex("^[a-z0-9_]{1,128}$", var.database))
    error_message = "The value must match ^[a-z0-9_]{1,128}$."
  }
}

variable "first_date" {
  type        = string
  nullable    = false
  default     = "NOW-400DAYS"
  description = "The first date that is read of all runs - a date (2026-01-01), or days before today (NOW-400DAYS). Runs before it are in no view but the current ones. The default fits KeepDays of the results bucket, 400 by default. If KeepDays is 0, so that nothing expires, give the date of the first run. Athena lists one folder for each day since then."

  validation {
    condition     = can(regex("^([0-9]{4}-[0-9]{2}-[0-9]{2}|NOW-[0-9]{1,5}DAYS)$", var.first_date))
    error_message = "The value must be a date such as 2026-01-01, or a number of days such as NOW-400DAYS."
  }
}

variable "work_group" {
  type        = string
  nullable    = false
  default     = ""
  description = "The workgroup to create, which enforces QueryResults and MostBytesScanned. If empty, none is created."

  validation {
    condition     = can(regex("^[a-zA-Z0-9._-]{0,128}$", var.work_group))
    error_message = "The value must match ^[a-zA-Z0-9._-]{0,128}$."
  }
}

variable "query_results" {
  type        = string
  nullable    = false
  default     = ""
  description = "The place for results of queries (s3://bucket/prefix/). It must not be the results bucket of rolecall."

  validation {
    condition     = can(regex("^(s3://.+/)?$", var.query_results))
    error_message = "The value must match ^(s3://.+/)?$."
  }
}

variable "most_bytes_scanned" {
  type        = number
  nullable    = false
  default     = 107374182400
  description = "The workgroup cancels a query that reads more bytes than this."

  validation {
    condition     = var.most_bytes_scanned >= 10000000
    error_message = "The value must be at least 10000000."
  }
}

locals {
  # The template's parameters, as text.
  values = {
    Bucket           = var.bucket
    Prefix           = var.prefix
    Database         = var.database
    FirstDate        = var.first_date
    WorkGroup        = var.work_group
    QueryResults     = var.query_results
    MostBytesScanned = tostring(var.most_bytes_scanned)
  }

  # The provider passes no value that becomes empty: it keeps the one before. Empty values are left out, and
  # CloudFormation takes the default, which is empty too.
  parameters = { for name, value in local.values : name => value if value != "" }

  # The template's rules that these values break. CloudFormation refuses them in the apply only.
  broken_rules = compact([
    local.values.WorkGroup != "" && !(local.values.QueryResults != "") ? "WorkGroup needs QueryResults." : "",
  ])
}
