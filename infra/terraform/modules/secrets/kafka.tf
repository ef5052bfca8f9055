# The login of Kafka by SCRAM. MSK reads it, and wants this name's beginning and a key of our own.
resource "aws_secretsmanager_secret" "kafka" {
  #checkov:skip=CKV2_AWS_57:MSK reads a changed login by itself; the README says how to rotate it.
  count = var.kafka_scram ? 1 : 0

  name                    = "AmazonMSK_${var.name}"
  description             = "Login of Kafka"
  kms_key_id              = module.key.arn
  recovery_window_in_days = 30
}

resource "aws_secretsmanager_secret_version" "kafka" {
  count = var.kafka_scram ? 1 : 0

  secret_id     = aws_secretsmanager_secret.kafka[0].id
  secret_string = jsonencode({ username = local.kafka_user, password = local.generated["kafka"] })

  lifecycle {
    ignore_changes = [secret_string]
  }
}

resource "aws_secretsmanager_secret_policy" "kafka" {
  count = var.kafka_scram ? 1 : 0

  secret_arn = aws_secretsmanager_secret.kafka[0].arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "kafka.amazonaws.com" }
      Action    = "secretsmanager:GetSecretValue"
      Resource  = aws_secretsmanager_secret.kafka[0].arn
    }]
  })
}
