# Passwords and keys, made here once and kept by Secrets Manager. Pods read two secrets whose keys are the
# names of Footfall's settings, so that a pod's environment is such a secret as it is:
#   <name>/runtime   what every process needs
#   <name>/migrate   the accounts of the ClickHouse clusters, which only `footfall migrate` needs
#
# The values are also in Terraform's state: it is encrypted, and whoever may read it may read them.
locals {
  # The roles of PostgreSQL beside the owner of the tables.
  logins = ["platform", "tenant", "ledger"]

  kafka_user = "footfall"

  passwords = concat(
    ["postgres", "redis", "kafka", "key-encryption-key"],
    [for login in local.logins : "postgres/${login}"],
    flatten([for cluster in var.clusters : ["${cluster}/writer", "${cluster}/reader"]]),
  )

  stores = merge(
    {
      postgres = { username = "footfall", password = local.generated["postgres"] }
      redis    = { password = local.generated["redis"] }
    },
    { for login in local.logins : "postgres/${login}" => {
      username = "footfall_${login}"
      password = local.generated["postgres/${login}"]
    } },
    { for cluster in var.clusters : "clickhouse/${cluster}" => {
      writer_password = local.generated["${cluster}/writer"]
      reader_password = local.generated["${cluster}/reader"]
    } },
  )

  generated = { for name, password in data.aws_secretsmanager_random_password.this : name => password.random_password }
  kept      = { for store, version in aws_secretsmanager_secret_version.store : store => jsondecode(version.secret_string) }

  postgres_url = "postgres://footfall:${local.kept["postgres"].password}@${var.postgres_host}:5432/footfall?sslmode=verify-full"
  login_urls = { for login in local.logins :
    login => "postgres://footfall_${login}:${local.kept["postgres/${login}"].password}@${var.postgres_host}:5432/footfall?sslmode=verify-full"
  }
  redis_url = "rediss://:${local.kept["redis"].password}@${var.redis_host}:6379/0"

  runtime = merge(
    {
      FOOTFALL__POSTGRES__URL               = var.own_logins ? local.login_urls["platform"] : local.postgres_url
      FOOTFALL__REDIS__URL                  = local.redis_url
      FOOTFALL__SECRETS__KEY_ENCRYPTION_KEY = aws_secretsmanager_secret_version.key_encryption_key.secret_string
    },
    { for version in aws_secretsmanager_secret_version.kafka :
      "FOOTFALL__KAFKA__SASL__PASSWORD" => jsondecode(version.secret_string).password if var.pods_by_scram
    },
    { for login in ["tenant", "ledger"] : "FOOTFALL__POSTGRES__${upper(login)}_URL" => local.login_urls[login] if var.own_logins },
  )

  # The owner's URL counts for `footfall migrate` in place of the one above.
  owner = { for name in ["FOOTFALL__POSTGRES__URL"] : name => local.postgres_url if var.own_logins }

  migrate = merge(local.owner, [for cluster in var.clusters : {
    "FOOTFALL__CLUSTERS__${upper(cluster)}__WRITER_PASSWORD" = local.kept["clickhouse/${cluster}"].writer_password
    "FOOTFALL__CLUSTERS__${upper(cluster)}__READER_PASSWORD" = local.kept["clickhouse/${cluster}"].reader_password
  }]...)
}

module "key" {
  source = "../key"

  name        = "${var.name}-secrets"
  description = "Passwords and keys of ${var.name}"
}

# Letters and digits only: they stand in URLs as they are.
data "aws_secretsmanager_random_password" "this" {
  for_each = toset(local.passwords)

  password_length     = 48
  exclude_punctuation = true
}

resource "aws_secretsmanager_secret" "store" {
  #checkov:skip=CKV2_AWS_57:A rotation must change the store as well; the README says how, one store at a time.
  for_each = toset(keys(local.stores))

  name                    = "${var.name}/${each.key}"
  description             = "Accounts of ${each.key}"
  kms_key_id              = module.key.arn
  recovery_window_in_days = 30
}

# The first value stays until the version is replaced: `tofu apply -replace` is the rotation.
resource "aws_secretsmanager_secret_version" "store" {
  for_each = toset(keys(local.stores))

  secret_id     = aws_secretsmanager_secret.store[each.key].id
  secret_string = jsonencode(local.stores[each.key])

  lifecycle {
    ignore_changes = [secret_string]
  }
}

# What PostgreSQL holds sealed cannot be opened without this key: it is never replaced.
resource "aws_secretsmanager_secret" "key_encryption_key" {
  #checkov:skip=CKV2_AWS_57:A new key could not open what the old one sealed.
  name                    = "${var.name}/key-encryption-key"
  description             = "Seals the secrets that PostgreSQL holds"
  kms_key_id              = module.key.arn
  recovery_window_in_days = 30

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_secretsmanager_secret_version" "key_encryption_key" {
  secret_id     = aws_secretsmanager_secret.key_encryption_key.id
  secret_string = base64sha256(local.generated["key-encryption-key"])

  lifecycle {
    ignore_changes  = [secret_string]
    prevent_destroy = true
  }
}

resource "aws_secretsmanager_secret" "pods" {
  #checkov:skip=CKV2_AWS_57:These repeat the secrets of the stores and change with them.
  for_each = toset(["runtime", "migrate"])

  name                    = "${var.name}/${each.key}"
  description             = "Environment of Footfall's pods: ${each.key}"
  kms_key_id              = module.key.arn
  recovery_window_in_days = 30
}

resource "aws_secretsmanager_secret_version" "pods" {
  for_each = aws_secretsmanager_secret.pods

  secret_id     = each.value.id
  secret_string = jsonencode(each.key == "runtime" ? local.runtime : local.migrate)
}
