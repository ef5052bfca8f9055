# Where ClickHouse writes its part of a backup. The other parts, PostgreSQL and the archive, are on a volume of the chart.
data "aws_region" "current" {}

module "key" {
  source = "../key"

  name        = "${var.name}-backups"
  description = "Backups of ${var.name}"
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18:Only the servers of ClickHouse may read it; CloudTrail of the account says who changed that.
  #checkov:skip=CKV_AWS_144:A copy in another region is a decision about where tenants' data may be.
  #checkov:skip=CKV2_AWS_62:Nothing waits for new objects.
  bucket = var.bucket

  lifecycle {
    prevent_destroy = true
  }
}

# What a server deletes or replaces, by mistake or because somebody else has it, is still there for a while.
resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = module.key.arn
    }
  }
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "incomplete-uploads"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  # A backup of a night needs that of the week before it, so the last week of these days cannot be restored any more.
  rule {
    id     = "old-backups"
    status = "Enabled"
    filter {}
    expiration {
      days = var.days
    }
    noncurrent_version_expiration {
      noncurrent_days = var.undelete_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}
