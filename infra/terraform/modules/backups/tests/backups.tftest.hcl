mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
}

variables {
  name   = "footfall-test"
  bucket = "footfall-test-backups"
}

run "the_bucket_is_private_and_encrypted" {
  command = plan

  assert {
    condition     = aws_s3_bucket_public_access_block.this.block_public_acls && aws_s3_bucket_public_access_block.this.block_public_policy && aws_s3_bucket_public_access_block.this.ignore_public_acls && aws_s3_bucket_public_access_block.this.restrict_public_buckets
    error_message = "No object may ever be public."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).sse_algorithm == "aws:kms"
    error_message = "Objects are encrypted with our key."
  }
}

run "backups_expire_and_what_was_deleted_is_there_for_a_while" {
  command = plan

  assert {
    condition     = one([for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.expiration[0].days if rule.id == "old-backups"]) == 42
    error_message = "Backups hold records of erased persons until they expire."
  }

  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled" && one([for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.noncurrent_version_expiration[0].noncurrent_days if rule.id == "old-backups"]) == 7
    error_message = "Who takes over a server must not be able to remove the backups at once."
  }
}

run "the_address_is_that_of_a_disk_of_clickhouse" {
  assert {
    condition     = startswith(output.endpoint, "https://") && endswith(output.endpoint, ".s3.eu-central-1.amazonaws.com/")
    error_message = "The servers write to the bucket in its region."
  }
}

run "backups_shorter_than_their_chain_and_the_log_are_refused" {
  command = plan

  variables {
    days = 14
  }

  expect_failures = [var.days]
}

run "a_name_that_s3_refuses_is_refused" {
  command = plan

  variables {
    bucket = "Footfall_Backups"
  }

  expect_failures = [var.bucket]
}
