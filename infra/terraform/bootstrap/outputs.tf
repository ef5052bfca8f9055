output "backends" {
  description = "The text of each environment's backend.hcl."
  value = {
    for environment in var.environments : environment => <<-EOT
      bucket       = "${aws_s3_bucket.state.id}"
      key          = "${environment}.tfstate"
      region       = "${var.region}"
      encrypt      = true
      kms_key_id   = "${module.key.arn}"
      use_lockfile = true
    EOT
  }
}
