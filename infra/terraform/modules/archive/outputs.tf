output "url" {
  description = "Where the archive is: `archive.url`."
  value       = "s3://${aws_s3_bucket.archive.id}"
}

output "region" {
  description = "The bucket's region: `archive.region`."
  value       = data.aws_region.current.region
}

output "statements" {
  description = "What a role needs, by service: the processor adds and reads records and never deletes; the api adds, reads and deletes files of report jobs only; a backup reads."
  value = {
    for service, actions in {
      processor = { actions = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"], path = "*" }
      api       = { actions = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject"], path = "reports/*" }
      backup    = { actions = ["s3:GetObject"], path = "*" }
    } :
    service => [
      { Effect = "Allow", Action = actions.actions, Resource = ["${aws_s3_bucket.archive.arn}/${actions.path}"] },
      { Effect = "Allow", Action = ["s3:ListBucket"], Resource = [aws_s3_bucket.archive.arn] },
      { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [module.key.arn] },
    ]
  }
}
