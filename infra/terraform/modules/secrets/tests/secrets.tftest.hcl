mock_provider "aws" {
  mock_data "aws_secretsmanager_random_password" {
    defaults = { random_password = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKL" }
  }
}

variables {
  name          = "footfall-test"
  postgres_host = "postgres.example"
  redis_host    = "redis.example"
  clusters      = ["shared", "large"]
}

run "a_pods_environment_has_the_names_of_settings" {
  command = plan

  assert {
    condition     = keys(local.runtime) == ["FOOTFALL__POSTGRES__URL", "FOOTFALL__REDIS__URL", "FOOTFALL__SECRETS__KEY_ENCRYPTION_KEY"]
    error_message = "Every process gets its stores and the key, and no cluster's password."
  }

  assert {
    condition = keys(local.migrate) == [
      "FOOTFALL__CLUSTERS__LARGE__READER_PASSWORD", "FOOTFALL__CLUSTERS__LARGE__WRITER_PASSWORD",
      "FOOTFALL__CLUSTERS__SHARED__READER_PASSWORD", "FOOTFALL__CLUSTERS__SHARED__WRITER_PASSWORD",
    ]
    error_message = "migrate gets the accounts of every cluster."
  }
}

run "services_have_logins_of_their_own_if_asked" {
  command = plan

  variables {
    own_logins = true
  }

  assert {
    condition = keys(local.runtime) == [
      "FOOTFALL__POSTGRES__LEDGER_URL", "FOOTFALL__POSTGRES__TENANT_URL", "FOOTFALL__POSTGRES__URL",
      "FOOTFALL__REDIS__URL", "FOOTFALL__SECRETS__KEY_ENCRYPTION_KEY",
    ]
    error_message = "Services get a URL for each login."
  }

  assert {
    condition     = startswith(local.runtime["FOOTFALL__POSTGRES__URL"], "postgres://footfall_platform:") && local.migrate["FOOTFALL__POSTGRES__URL"] == local.postgres_url
    error_message = "Only migrate gets the owner of the tables."
  }
}

run "pods_get_kafkas_password_only_if_they_use_it" {
  command = plan

  variables {
    kafka_scram   = true
    pods_by_scram = true
  }

  assert {
    condition     = local.runtime["FOOTFALL__KAFKA__SASL__PASSWORD"] == "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKL" && output.kafka_user == "footfall"
    error_message = "The password of the login is in the environment of pods."
  }
}

run "pods_that_log_in_by_iam_get_no_password_of_kafka" {
  command = plan

  variables {
    kafka_scram = true
  }

  assert {
    condition     = !contains(keys(local.runtime), "FOOTFALL__KAFKA__SASL__PASSWORD")
    error_message = "Footfall refuses a password beside a login by IAM."
  }
}

run "stores_are_reached_over_tls" {
  command = plan

  assert {
    condition     = local.postgres_url == "postgres://footfall:abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKL@postgres.example:5432/footfall?sslmode=verify-full"
    error_message = "The server's certificate is checked."
  }

  assert {
    condition     = startswith(local.redis_url, "rediss://:")
    error_message = "Redis is reached over TLS."
  }
}

run "the_sealing_key_is_32_bytes_and_stays" {
  command = plan

  assert {
    condition     = length(aws_secretsmanager_secret_version.key_encryption_key.secret_string) == 44 && endswith(aws_secretsmanager_secret_version.key_encryption_key.secret_string, "=")
    error_message = "The key is base64 of 32 bytes."
  }

  assert {
    condition     = aws_secretsmanager_secret.key_encryption_key.recovery_window_in_days == 30
    error_message = "A deletion can be taken back for 30 days."
  }
}

run "each_cluster_has_a_secret_of_its_own" {
  command = plan

  assert {
    condition     = keys(output.cluster_secret_arns) == ["large", "shared"] && output.pod_secrets == { runtime = "footfall-test/runtime", migrate = "footfall-test/migrate" }
    error_message = "A server reads its own accounts only, and the chart knows both secrets of pods."
  }

  assert {
    condition     = output.kafka_secret_name == null
    error_message = "Without SCRAM there is no login to keep."
  }
}

run "a_scram_login_has_the_name_that_msk_wants" {
  command = plan

  variables {
    kafka_scram = true
  }

  assert {
    condition     = output.kafka_secret_name == "AmazonMSK_footfall-test" && keys(jsondecode(aws_secretsmanager_secret_version.kafka[0].secret_string)) == ["password", "username"]
    error_message = "MSK reads secrets of this name and shape only."
  }
}

run "no_cluster_at_all_is_refused" {
  command = plan

  variables {
    clusters = []
  }

  expect_failures = [var.clusters]
}
