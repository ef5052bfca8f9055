output "backends" {
  description = "The text of each environment's backend.hcl."
  value = {
    for environment in var.environments : environment => <<-EOT
      bucket       = "${var.bucket}"
      key          = "${environment}.tfstate"
      region       = "${var.region}"
      encrypt      = true
      kms_key_id   = "alias/${var.bucket}-state"
      use_lockfile = true
    EOT
  }
}
