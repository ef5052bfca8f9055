mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
}

variables {
  name   = "footfall-test"
  bucket = "footfall-test-archive"
}

run "nobody_can_delete_a_record_within_the_lock" {
  command = plan

  assert {
    condition     = aws_s3_bucket.archive.object_lock_enabled && aws_s3_bucket_versioning.archive.versioning_configuration[0].status == "Enabled"
    error_message = "The bucket needs versions and a lock."
  }

  assert {
    condition     = aws_s3_bucket_object_lock_configuration.archive.rule[0].default_retention[0].mode == "GOVERNANCE" && aws_s3_bucket_object_lock_configuration.archive.rule[0].default_retention[0].days == 35
    error_message = "Objects are locked for longer than the log keeps them."
  }

  assert {
    condition     = one([for rule in aws_s3_bucket_lifecycle_configuration.archive.rule : rule.abort_incomplete_multipart_upload[0].days_after_initiation if rule.id == "incomplete-uploads"]) == 1
    error_message = "Incomplete uploads are removed after a day."
  }
}

run "the_bucket_is_private" {
  command = plan

  assert {
    condition = alltrue([for block in [aws_s3_bucket_public_access_block.archive, aws_s3_bucket_public_access_block.access] :
    block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets])
    error_message = "No object may ever be public."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.archive.rule).apply_server_side_encryption_by_default).sse_algorithm == "aws:kms"
    error_message = "Objects are encrypted with our key."
  }
}

run "the_processor_never_deletes_and_the_api_only_files_of_reports" {
  command = plan

  assert {
    condition     = !contains(flatten([for statement in output.statements.processor : statement.Action]), "s3:DeleteObject")
    error_message = "The processor adds to the archive and deletes nothing."
  }

  assert {
    condition     = contains(output.statements.api[0].Action, "s3:DeleteObject")
    error_message = "The api deletes expired files of report jobs."
  }

  assert {
    condition     = output.statements.backup[0].Action == ["s3:GetObject"]
    error_message = "A backup reads, and changes nothing."
  }

  assert {
    condition     = output.region == "eu-central-1"
    error_message = "archive.region is the bucket's."
  }
}

run "a_lock_shorter_than_the_log_is_refused" {
  command = plan

  variables {
    lock_days = 7
  }

  expect_failures = [var.lock_days]
}

run "a_name_too_long_for_the_access_log_is_refused" {
  command = plan

  variables {
    bucket = "footfall-a-very-long-name-that-leaves-no-room-for-the-access-log"
  }

  expect_failures = [var.bucket]
}

run "an_early_move_to_the_rare_class_is_refused" {
  command = plan

  variables {
    infrequent_access_days = 7
  }

  expect_failures = [var.infrequent_access_days]
}
