# Generated from infra/changes.yaml by `make generate`. Do not edit. A variable that is null has the template's default.

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

variable "event_bus_name" {
  type        = string
  nullable    = false
  default     = "default"
  description = "The event bus of the events \"rolecall changed\", as in backend.yaml."

  validation {
    condition     = can(regex("^[A-Za-z0-9._/-]{1,256}$", var.event_bus_name))
    error_message = "The value must be the name of an event bus (no ARN)."
  }
}

variable "kms_key_id" {
  type        = string
  nullable    = false
  default     = ""
  description = "The id of the KMS key that encrypts the topic. Its key policy must let events.amazonaws.com use it (kms:Decrypt, kms:GenerateDataKey). Empty means no encryption at rest."
}

variable "slack_workspace_id" {
  type        = string
  nullable    = false
  default     = ""
  description = "The Slack workspace for these messages, which was authorized once in the console of Amazon Q Developer in chat applications. Empty means none."

  validation {
    condition     = can(regex("^([0-9A-Z]{1,255})?$", var.slack_workspace_id))
    error_message = "The value must match ^([0-9A-Z]{1,255})?$."
  }
}

variable "slack_channel_id" {
  type        = string
  nullable    = false
  default     = ""
  description = "The id of the Slack channel, at the end of its link."

  validation {
    condition     = can(regex("^([A-Za-z0-9]{1,255})?$", var.slack_channel_id))
    error_message = "The value must match ^([A-Za-z0-9]{1,255})?$."
  }
}

variable "teams_tenant_id" {
  type        = string
  nullable    = false
  default     = ""
  description = "The Microsoft Teams tenant for these messages, which was authorized once in the console of Amazon Q Developer in chat applications. Empty means none."

  validation {
    condition     = can(regex("^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$", var.teams_tenant_id))
    error_message = "The value must match ^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$."
  }
}

variable "teams_team_id" {
  type        = string
  nullable    = false
  default     = ""
  description = "The id of the team."

  validation {
    condition     = can(regex("^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$", var.teams_team_id))
    error_message = "The value must match ^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$."
  }
}

variable "teams_channel_id" {
  type        = string
  nullable    = false
  default     = ""
  description = "The id of the team's channel, as its link has it (19%3a...%40thread.tacv2)."

  validation {
    condition     = can(regex("^([a-zA-Z0-9_=+/.,-]*%3[aA][a-zA-Z0-9_=+/.,-]*%40[a-zA-Z0-9_=+/.,-]*)?$", var.teams_channel_id))
    error_message = "The value must match ^([a-zA-Z0-9_=+/.,-]*%3[aA][a-zA-Z0-9_=+/.,-]*%40[a-zA-Z0-9_=+/.,-]*)?$."
  }
}

locals {
  # The template's parameters, as text.
  values = {
    Name             = var.name
    EventBusName     = var.event_bus_name
    KmsKeyId         = var.kms_key_id
    SlackWorkspaceId = var.slack_workspace_id
    SlackChannelId   = var.slack_channel_id
    TeamsTenantId    = var.teams_tenant_id
    TeamsTeamId      = var.teams_team_id
    TeamsChannelId   = var.teams_channel_id
  }

  # The provider passes no value that becomes empty: it keeps the one before. Empty values are left out, and
  # CloudFormation takes the default, which is empty too.
  parameters = { for name, value in local.values : name => value if value != "" }
}
