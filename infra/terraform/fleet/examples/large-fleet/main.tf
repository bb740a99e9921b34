# The state machine for several thousand accounts, with an alarm topic.

module "fleet" {
  source = "../.."

  batch_size      = 50
  max_concurrency = 12
  alarm_topic_arn = "arn:aws:sns:eu-central-1:999999999999:alarms"
}

output "state_machine_arn" {
  value = module.fleet.state_machine_arn
}
