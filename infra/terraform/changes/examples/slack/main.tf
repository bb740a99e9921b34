# The topic, and a Slack channel that shows its messages.

module "changes" {
  source = "../.."

  slack_workspace_id = "T0123ABCD"
  slack_channel_id   = "C0123ABCD"
}

output "topic_arn" {
  value = module.changes.topic_arn
}
