# The database, and a workgroup that cancels queries of more than 10 GB.

module "athena" {
  source = "../.."

  bucket             = "rolecall-results-999999999999-eu-central-1"
  template_bucket    = "rolecall-code-999999999999-eu-central-1"
  work_group         = "rolecall"
  query_results      = "s3://my-query-results/rolecall/"
  most_bytes_scanned = 10000000000
}
