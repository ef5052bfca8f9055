mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

variables {
  name        = "footfall-test"
  description = "A test"
}

run "the_key_rotates_and_only_the_account_may_use_it" {
  command = plan

  assert {
    condition     = aws_kms_key.this.enable_key_rotation && aws_kms_key.this.deletion_window_in_days == 30
    error_message = "The key must rotate, and 30 days must pass before a deletion."
  }

  assert {
    condition     = [for statement in jsondecode(aws_kms_key.this.policy).Statement : statement.Sid] == ["AccountDecidesByPolicies"]
    error_message = "Without services, only the account may use the key."
  }
}

run "a_service_may_use_the_key_for_this_account_only" {
  command = plan

  variables {
    services = ["logs.eu-central-1.amazonaws.com", "aps.amazonaws.com"]
  }

  assert {
    condition     = jsondecode(aws_kms_key.this.policy).Statement[1].Condition.ArnLike["kms:EncryptionContext:aws:logs:arn"] == "arn:aws:logs:*:123456789012:*"
    error_message = "Logs of other accounts must not use the key."
  }

  assert {
    condition     = jsondecode(aws_kms_key.this.policy).Statement[2].Condition.StringEquals["aws:SourceAccount"] == "123456789012"
    error_message = "A service must not use the key for other accounts."
  }
}

run "a_principal_that_is_no_service_is_refused" {
  command = plan

  variables {
    services = ["*"]
  }

  expect_failures = [var.services]
}

run "an_alias_of_aws_is_refused" {
  command = plan

  variables {
    name = "aws/s3"
  }

  expect_failures = [var.name]
}
