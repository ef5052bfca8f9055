mock_provider "aws" {}

variables {
  region     = "eu-central-1"
  account_id = "123456789012"
  bucket     = "footfall-example-state"
}

run "the_state_is_versioned_encrypted_and_private" {
  command = plan

  assert {
    condition     = aws_s3_bucket_versioning.state.versioning_configuration[0].status == "Enabled"
    error_message = "A damaged state must be restorable."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.state.rule).apply_server_side_encryption_by_default).sse_algorithm == "aws:kms"
    error_message = "The state holds passwords: it is encrypted with our key."
  }

  assert {
    condition     = aws_s3_bucket_public_access_block.state.block_public_policy && aws_s3_bucket_public_access_block.state.restrict_public_buckets
    error_message = "The state is never public."
  }
}

run "each_environment_gets_a_backend_with_a_lock" {
  command = plan

  assert {
    condition     = keys(output.backends) == ["production", "staging"]
    error_message = "Each environment has a state of its own."
  }

  assert {
    condition     = strcontains(output.backends["staging"], "use_lockfile = true") && strcontains(output.backends["staging"], "key          = \"staging.tfstate\"")
    error_message = "Two operators must not apply at once, nor share a state."
  }
}

run "a_bucket_name_that_s3_refuses_is_refused" {
  command = plan

  variables {
    bucket = "Footfall_State"
  }

  expect_failures = [var.bucket]
}

run "an_account_that_is_no_number_is_refused" {
  command = plan

  variables {
    account_id = "footfall"
  }

  expect_failures = [var.account_id]
}
