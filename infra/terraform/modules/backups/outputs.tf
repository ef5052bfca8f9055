output "endpoint" {
  description = "The address of the bucket, as the disk of a server has it; the path of the server follows."
  value       = "https://${aws_s3_bucket.this.id}.s3.${data.aws_region.current.region}.amazonaws.com/"

  # Nothing is written before it expires some day.
  depends_on = [aws_s3_bucket_lifecycle_configuration.this]
}

output "arn" {
  description = "The bucket's ARN."
  value       = aws_s3_bucket.this.arn
}

output "key_arn" {
  description = "The key that encrypts the bucket."
  value       = module.key.arn
}
