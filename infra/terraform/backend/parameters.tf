# Generated from infra/backend.yaml by `make generate`. Do not edit. A variable that is null has the template's default.

variable "name" {
  type        = string
  nullable    = false
  default     = "rolecall"
  description = "The prefix of all names, the same as in backend-role.yaml."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,24}$", var.name))
    error_message = "The value must be 1 to 25 lowercase letters, digits and hyphens, a letter first."
  }
}

variable "backend_role_arn" {
  type        = string
  nullable    = false
  description = "The role that the function runs under: an output of backend-role.yaml, or your own role."

  validation {
    condition     = can(regex("^arn:[a-z0-9-]+:iam::[0-9]{12}:role/.+$", var.backend_role_arn))
    error_message = "The value must be the ARN of a role."
  }
}

variable "code_bucket" {
  type        = string
  nullable    = false
  description = "The bucket of the packed function, which is a zip with the file \"bootstrap\"."

  validation {
    condition     = var.code_bucket != ""
    error_message = "The value must not be empty."
  }
}

variable "code_key" {
  type        = string
  nullable    = false
  description = "The key of the packed function in that bucket. Each version needs a new key: CloudFormation does not detect a replaced object."

  validation {
    condition     = var.code_key != ""
    error_message = "The value must not be empty."
  }
}

variable "architecture" {
  type        = string
  nullable    = false
  default     = "arm64"
  description = "The architecture that the packed function was built for."

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "The value must be arm64 or x86_64."
  }
}

variable "memory_size" {
  type        = number
  nullable    = false
  default     = 1769
  description = "Memory in megabytes. With 1769, Lambda gives one full vCPU."

  validation {
    condition     = var.memory_size >= 256 && var.memory_size <= 10240
    error_message = "The value must be 256 to 10240."
  }
}

variable "timeout" {
  type        = number
  nullable    = false
  default     = 900
  description = "The timeout of an invocation, in seconds. A run that needs longer continues in the next invocation."

  validation {
    condition     = var.timeout >= 30 && var.timeout <= 900
    error_message = "The value must be 30 to 900."
  }
}

variable "reserved_concurrency" {
  type        = string
  nullable    = false
  default     = ""
  description = "The function's reserved concurrency, which is also its maximum. Empty means none. The queue alone uses two concurrent invocations. The steps of the state machine do not count."

  validation {
    condition     = can(regex("^([1-9][0-9]{0,4})?$", var.reserved_concurrency))
    error_message = "The value must be a number from 1, or empty."
  }
}

variable "tracing" {
  type        = string
  nullable    = false
  default     = "PassThrough"
  description = "Active records traces in X-Ray. backend-role.yaml needs the same value, for the permission to write them."

  validation {
    condition     = contains(["Active", "PassThrough"], var.tracing)
    error_message = "The value must be Active or PassThrough."
  }
}

variable "invokers" {
  type        = list(string)
  nullable    = false
  default     = []
  description = "The principals that may start runs - account ids, role ARNs, user ARNs. They may send messages to the request queue, and assume a role of this stack that may invoke the function. With an account id, that account decides which of its users may. Default is none."

  validation {
    condition     = alltrue([for one in var.invokers : one != "" && can(regex("^ *([0-9]{12}|arn:[a-z0-9-]+:(iam|sts)::[0-9]{12}:[A-Za-z0-9_+=.@/-]+)? *$", one))])
    error_message = "The values must be account ids and ARNs of roles or users, without wildcards."
  }
}

variable "inline" {
  type        = string
  nullable    = false
  default     = "no"
  description = "yes allows requests with \"inline\", whose response contains the records. Every principal that may invoke the function can then read the records of all customers, those of earlier runs included: it repeats their requests."

  validation {
    condition     = contains(["no", "yes"], var.inline)
    error_message = "The value must be no or yes."
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
  description = "The key prefix of all results, without a slash at its end. Empty means none."

  validation {
    condition     = can(regex("^([A-Za-z0-9!_.*'()=-]+(/[A-Za-z0-9!_.*'()=-]+)*)?$", var.results_prefix))
    error_message = "The value must neither begin nor end with a slash."
  }
}

variable "registry_bucket_name" {
  type        = string
  nullable    = false
  default     = ""
  description = "The name of the registry bucket. Empty means <Name>-registry-<account>-<region>."
}

variable "kms_key_arn" {
  type        = string
  nullable    = false
  default     = ""
  description = "The KMS key that encrypts both buckets. Empty means encryption with S3's keys."

  validation {
    condition     = can(regex("^(arn:[a-z0-9-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+)?$", var.kms_key_arn))
    error_message = "The value must match ^(arn:[a-z0-9-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+)?$."
  }
}

variable "keep_days" {
  type        = number
  nullable    = false
  default     = 400
  description = "The number of days after which a run's files expire. 0 means never. latest.json and latest.html do not expire."

  validation {
    condition     = var.keep_days >= 0 && var.keep_days <= 36500
    error_message = "The value must be 0 to 36500."
  }
}

variable "results_readers" {
  type        = list(string)
  nullable    = false
  default     = []
  description = "The principals that may read results - account ids, role ARNs, user ARNs. They can read records, ledgers and manifests, but not the registry. If KmsKeyArn is set, the key policy must allow them too. Default is none."

  validation {
    condition     = alltrue([for one in var.results_readers : one != "" && can(regex("^ *([0-9]{12}|arn:[a-z0-9-]+:(iam|sts)::[0-9]{12}:[A-Za-z0-9_+=.@/-]+)? *$", one))])
    error_message = "The values must be account ids and ARNs of roles or users, without wildcards."
  }
}

variable "registry_administrators" {
  type        = list(string)
  nullable    = false
  default     = []
  description = "The ARNs of the only roles and users, besides the function, that may use objects in the registry bucket. Everyone else is denied, administrators of the account included. Include the role that runs make deploy, and the operators who onboard customers. Empty means that IAM policies alone decide."

  validation {
    condition     = alltrue([for one in var.registry_administrators : one != "" && can(regex("^ *(arn:[a-z0-9-]+:iam::[0-9]{12}:(root|(role|user)/[A-Za-z0-9_+=.@/-]+))? *$", one))])
    error_message = "The values must be ARNs of roles or users (of a role, not of its sessions), without wildcards."
  }
}

variable "registry_topic_arn" {
  type        = string
  nullable    = false
  default     = ""
  description = "The SNS topic, in this account and Region, for a message per write to the registry bucket. Its policy must let events.amazonaws.com publish. Empty means no messages."

  validation {
    condition     = can(regex("^(arn:[a-z0-9-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+)?$", var.registry_topic_arn))
    error_message = "The value must be the ARN of a topic, or empty."
  }
}

variable "require_tls" {
  type        = string
  nullable    = false
  default     = "true"
  description = "Denies unencrypted connections to the buckets and queues. Only an emulator on the loopback needs false."

  validation {
    condition     = contains(["true", "false"], var.require_tls)
    error_message = "The value must be true or false."
  }
}

variable "schedule_expression" {
  type        = string
  nullable    = false
  default     = "cron(0 3 * * ? *)"
  description = "The schedule of the inventory, as an EventBridge Scheduler expression."

  validation {
    condition     = var.schedule_expression != ""
    error_message = "The value must not be empty."
  }
}

variable "schedule_timezone" {
  type        = string
  nullable    = false
  default     = "UTC"
  description = "The time zone of ScheduleExpression."

  validation {
    condition     = var.schedule_timezone != ""
    error_message = "The value must not be empty."
  }
}

variable "schedule_state" {
  type        = string
  nullable    = false
  default     = "DISABLED"
  description = "The state of the schedule. Enable it once the registry is in its bucket."

  validation {
    condition     = contains(["ENABLED", "DISABLED"], var.schedule_state)
    error_message = "The value must be ENABLED or DISABLED."
  }
}

variable "schedule_request" {
  type        = string
  nullable    = false
  default     = "{\"scheduled_at\": \"<aws.scheduler.scheduled-time>\", \"accounts\": \"all\"}"
  description = "The request that the schedule sends. The run id derives from the placeholder, so a repeated delivery is the same run."

  validation {
    condition     = var.schedule_request != ""
    error_message = "The value must not be empty."
  }
}

variable "schedule_starts" {
  type        = string
  nullable    = false
  default     = "function"
  description = "The target of the schedule - the function, or the state machine of fleet.yaml, for fleets that are too large for one invocation."

  validation {
    condition     = contains(["function", "machine"], var.schedule_starts)
    error_message = "The value must be function or machine."
  }
}

variable "request_bus_name" {
  type        = string
  nullable    = false
  default     = ""
  description = "The event bus, in this account and Region, whose events of type \"rolecall request\" start runs. Empty means none."

  validation {
    condition     = can(regex("^([A-Za-z0-9._/-]{1,256})?$", var.request_bus_name))
    error_message = "The value must be the name of an event bus (no ARN), or empty."
  }
}

variable "request_source" {
  type        = string
  nullable    = false
  default     = ""
  description = "The required source of these events, such as my.saas. Any principal that may put events with that source on the bus can start runs."

  validation {
    condition     = can(regex("^([A-Za-z0-9._/-]{1,256})?$", var.request_source))
    error_message = "The value must match ^([A-Za-z0-9._/-]{1,256})?$."
  }
}

variable "request_topic_arn" {
  type        = string
  nullable    = false
  default     = ""
  description = "The SNS topic, in this account and Region, whose messages start runs. Any principal that may publish to it can start runs. Empty means none."

  validation {
    condition     = can(regex("^(arn:[a-z0-9-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+)?$", var.request_topic_arn))
    error_message = "The value must be the ARN of a standard topic, or empty."
  }
}

variable "http" {
  type        = string
  nullable    = false
  default     = "no"
  description = "yes makes a function with a URL, at which principals of this account with the policy HttpPolicyArn start runs and read what became of their own ones (POST /runs, GET /runs/ID)."

  validation {
    condition     = contains(["no", "yes"], var.http)
    error_message = "The value must be no or yes."
  }
}

variable "event_bus_name" {
  type        = string
  nullable    = false
  default     = "default"
  description = "The event bus for an event per committed run (source \"rolecall\", type \"rolecall run committed\"), as in backend-role.yaml. Empty or none means none."

  validation {
    condition     = can(regex("^([A-Za-z0-9._/-]{1,256})?$", var.event_bus_name))
    error_message = "The value must be the name of an event bus (no ARN), or empty."
  }
}

variable "changes" {
  type        = string
  nullable    = false
  default     = "no"
  description = "yes records what each run changed, once it is committed - the table changes, and on EventBusName an event per account with changes (source \"rolecall\", type \"rolecall changed\")."

  validation {
    condition     = contains(["no", "yes"], var.changes)
    error_message = "The value must be no or yes."
  }
}

variable "report" {
  type        = string
  nullable    = false
  default     = "no"
  description = "yes writes the report page of each run that narrows nothing, once it is committed - runs/RUN_ID/report.html, and latest.html. customers writes a page for each customer of the registry, and an index. ResultsReaders can read them."

  validation {
    condition     = contains(["no", "yes", "customers"], var.report)
    error_message = "The value must be no or yes or customers."
  }
}

variable "default_request" {
  type        = string
  nullable    = false
  default     = "{\"accounts\": \"all\"}"
  description = "The request for a \"Scheduled Event\" of an EventBridge rule, which contains none."

  validation {
    condition     = var.default_request != ""
    error_message = "The value must not be empty."
  }
}

variable "format" {
  type        = string
  nullable    = false
  default     = ""
  description = "The format of results if a request names none. Empty means the function's default."

  validation {
    condition     = contains(["", "parquet", "ndjson"], var.format)
    error_message = "The value must be empty or parquet or ndjson."
  }
}

variable "sts_region" {
  type        = string
  nullable    = false
  default     = ""
  description = "The Region whose STS endpoint is used for customers. Empty means the function's default."
}

variable "continuations" {
  type        = number
  nullable    = false
  default     = 10
  description = "The maximum number of continuations that the function sends to itself for a run out of time. With 0, the caller has to resume the run."

  validation {
    condition     = var.continuations >= 0 && var.continuations <= 1000
    error_message = "The value must be 0 to 1000."
  }
}

variable "account_budget" {
  type        = string
  nullable    = false
  default     = ""
  description = "The limit of the total wait for AWS per account, such as 5m. Empty means the function's default."
}

variable "trust_interval" {
  type        = string
  nullable    = false
  default     = ""
  description = "The time after which a run tries again whether a customer's role refuses backend_role without the external ID, such as 24h. off means never. Empty means the function's default."

  validation {
    condition     = can(regex("^([0-9]+(ms|s|m|h)([0-9]+(ms|s|m))*|off)?$", var.trust_interval))
    error_message = "The value must be a duration such as 12h or 90m, or off, or empty."
  }
}

variable "disable_open_roles" {
  type        = string
  nullable    = false
  default     = "no"
  description = "yes lets the function disable the registry's targets whose roles let it in without the external ID, once the run that found them is committed. It may then replace targets.json, and no other object of the registry bucket. backend-role.yaml needs the same value, for the permission."

  validation {
    condition     = contains(["no", "yes"], var.disable_open_roles)
    error_message = "The value must be no or yes."
  }
}

variable "log_level" {
  type        = string
  nullable    = false
  default     = "info"
  description = "The log level of the function."

  validation {
    condition     = contains(["error", "warn", "info", "debug", "trace"], var.log_level)
    error_message = "The value must be error or warn or info or debug or trace."
  }
}

variable "log_retention_days" {
  type        = number
  nullable    = false
  default     = 90
  description = "The retention of the function's log, in days."

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

variable "alarm_time_left" {
  type        = number
  nullable    = false
  default     = 60000
  description = "Milliseconds. An alarm fires if a run or a shard commits with less time than this left in its invocation."

  validation {
    condition     = var.alarm_time_left >= 0
    error_message = "The value must be at least 0."
  }
}

variable "subnet_ids" {
  type        = list(string)
  nullable    = false
  default     = []
  description = "The private subnets of a VPC through which the functions call AWS, with a way to it (README.md, \"Networks\"). backend-role.yaml then needs VpcAccess=yes. Default is no VPC."

  validation {
    condition     = alltrue([for one in var.subnet_ids : one != "" && can(regex("^ *(subnet-[0-9a-f]{8,17})? *$", one))])
    error_message = "The values must be ids of subnets."
  }
}

variable "security_group_ids" {
  type        = list(string)
  nullable    = false
  default     = []
  description = "The security groups of the functions in these subnets. They have to let out HTTPS, and nothing in."

  validation {
    condition     = alltrue([for one in var.security_group_ids : one != "" && can(regex("^ *(sg-[0-9a-f]{8,17})? *$", one))])
    error_message = "The values must be ids of security groups."
  }
}

variable "https_proxy" {
  type        = string
  nullable    = false
  default     = ""
  description = "The HTTP proxy for all calls of AWS, such as http://proxy.example.com:3128. Empty means none."

  validation {
    condition     = can(regex("^(https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?)?$", var.https_proxy))
    error_message = "The value must be the URL of a proxy without a user name, or empty."
  }
}

variable "no_proxy" {
  type        = string
  nullable    = false
  default     = ""
  description = "The hosts that are called without the proxy, such as those of VPC endpoints, separated by commas."

  validation {
    condition     = can(regex("^[A-Za-z0-9.,:*-]*$", var.no_proxy))
    error_message = "The value must be hosts, separated by commas without spaces."
  }
}

variable "fips_endpoints" {
  type        = string
  nullable    = false
  default     = "no"
  description = "yes calls AWS's FIPS 140 endpoints. Not every service has them in every Region; cells of the others fail."

  validation {
    condition     = contains(["no", "yes"], var.fips_endpoints)
    error_message = "The value must be no or yes."
  }
}

variable "dual_stack_endpoints" {
  type        = string
  nullable    = false
  default     = "no"
  description = "yes calls AWS's endpoints for IPv4 and IPv6. If SubnetIds are given, they have to have IPv6 too."

  validation {
    condition     = contains(["no", "yes"], var.dual_stack_endpoints)
    error_message = "The value must be no or yes."
  }
}

variable "endpoint_url" {
  type        = string
  nullable    = false
  default     = ""
  description = "The endpoint of an emulator, for all AWS services. Leave it empty in AWS."
}

locals {
  # The template's parameters, as text.
  values = {
    Name                   = var.name
    BackendRoleArn         = var.backend_role_arn
    CodeBucket             = var.code_bucket
    CodeKey                = var.code_key
    Architecture           = var.architecture
    MemorySize             = tostring(var.memory_size)
    Timeout                = tostring(var.timeout)
    ReservedConcurrency    = var.reserved_concurrency
    Tracing                = var.tracing
    Invokers               = join(",", var.invokers)
    Inline                 = var.inline
    ResultsBucketName      = var.results_bucket_name
    ResultsPrefix          = var.results_prefix
    RegistryBucketName     = var.registry_bucket_name
    KmsKeyArn              = var.kms_key_arn
    KeepDays               = tostring(var.keep_days)
    ResultsReaders         = join(",", var.results_readers)
    RegistryAdministrators = join(",", var.registry_administrators)
    RegistryTopicArn       = var.registry_topic_arn
    RequireTls             = var.require_tls
    ScheduleExpression     = var.schedule_expression
    ScheduleTimezone       = var.schedule_timezone
    ScheduleState          = var.schedule_state
    ScheduleRequest        = replace(replace(var.schedule_request, "\\u003c", "<"), "\\u003e", ">")
    ScheduleStarts         = var.schedule_starts
    RequestBusName         = var.request_bus_name
    RequestSource          = var.request_source
    RequestTopicArn        = var.request_topic_arn
    Http                   = var.http
    EventBusName           = var.event_bus_name == "" ? "none" : var.event_bus_name
    Changes                = var.changes
    Report                 = var.report
    DefaultRequest         = var.default_request
    Format                 = var.format
    StsRegion              = var.sts_region
    Continuations          = tostring(var.continuations)
    AccountBudget          = var.account_budget
    TrustInterval          = var.trust_interval
    DisableOpenRoles       = var.disable_open_roles
    LogLevel               = var.log_level
    LogRetentionDays       = tostring(var.log_retention_days)
    AlarmTopicArn          = var.alarm_topic_arn
    AlarmTimeLeft          = tostring(var.alarm_time_left)
    SubnetIds              = join(",", var.subnet_ids)
    SecurityGroupIds       = join(",", var.security_group_ids)
    HttpsProxy             = var.https_proxy
    NoProxy                = var.no_proxy
    FipsEndpoints          = var.fips_endpoints
    DualStackEndpoints     = var.dual_stack_endpoints
    EndpointUrl            = var.endpoint_url
  }

  # The provider passes no value that becomes empty: it keeps the one before. Empty values are left out, and
  # CloudFormation takes the default, which is empty too.
  parameters = { for name, value in local.values : name => value if value != "" }

  # The template's rules that these values break. CloudFormation refuses them in the apply only.
  broken_rules = compact([
    local.values.RequestBusName != "" && !(local.values.RequestSource != "") ? "RequestBusName needs RequestSource. Otherwise any event on the bus could start a run." : "",
    !(local.values.SubnetIds == "") && !(!(local.values.SecurityGroupIds == "")) ? "SubnetIds need SecurityGroupIds." : "",
  ])
}
