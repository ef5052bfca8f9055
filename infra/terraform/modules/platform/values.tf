# The contract with the chart: `settings` are Footfall's own settings by the names of their variables, and
# each secret of `secrets` has such names as its keys.
data "aws_region" "current" {}

locals {
  login = contains(var.kafka.authentication, "iam") ? "iam" : "scram"

  helm_values = {
    settings = merge(
      {
        FOOTFALL__KAFKA__BROKERS            = module.kafka.brokers[local.login]
        FOOTFALL__KAFKA__PARTITIONS         = tostring(module.kafka.partitions)
        FOOTFALL__KAFKA__REPLICATION        = tostring(module.kafka.replication)
        FOOTFALL__KAFKA__SECURITY_PROTOCOL  = "sasl_ssl"
        FOOTFALL__KAFKA__SASL__MECHANISM    = local.login == "iam" ? "AWS_MSK_IAM" : "SCRAM-SHA-512"
        FOOTFALL__KAFKA__SASL__REGION       = local.login == "iam" ? data.aws_region.current.region : ""
        FOOTFALL__KAFKA__SASL__USER         = local.login == "iam" ? "" : module.secrets.kafka_user
        FOOTFALL__POSTGRES__MAX_CONNECTIONS = tostring(module.postgres.pool_connections)
        FOOTFALL__REDIS__SLOT_BUCKETS       = tostring(module.redis.slot_buckets)
        FOOTFALL__ARCHIVE__URL              = module.archive.url
        FOOTFALL__ARCHIVE__REGION           = module.archive.region
        FOOTFALL__TOKENS__ISSUER            = "https://api.${var.domain}"
        FOOTFALL__API__COLLECTOR_URL        = "https://collect.${var.domain}"
        FOOTFALL__API__TRUST_FORWARDED_FOR  = "true"
      },
      merge([for cluster in keys(module.tenants.clusters) : {
        "FOOTFALL__CLUSTERS__${upper(cluster)}__URL"         = module.clickhouse[cluster].url
        "FOOTFALL__CLUSTERS__${upper(cluster)}__WRITER_USER" = "footfall_writer"
        "FOOTFALL__CLUSTERS__${upper(cluster)}__READER_USER" = "footfall_reader"
      }]...),
    )

    kafka = { login = local.login, port = local.login == "iam" ? 9098 : 9096 }

    externalSecrets = {
      region  = data.aws_region.current.region
      runtime = module.secrets.pod_secrets.runtime
      migrate = module.secrets.pod_secrets.migrate
      kafka   = module.secrets.kafka_secret_name
    }

    serviceAccounts = {
      for name, role in module.eks.service_account_roles : trimprefix(name, "footfall-") => { name = name, roleArn = role }
    }

    # A sink never has more processors than the topic of events has partitions.
    autoscaling = { processorMaxReplicas = module.kafka.partitions }

    storageClass = { provisioner = "ebs.csi.aws.com", type = "gp3", kmsKeyId = module.eks.volume_key_arn, reclaimPolicy = "Retain" }

    # Default deny, and these ports of these addresses.
    networkPolicy = {
      storesCidr  = module.network.cidr
      podIdentity = true
      ports = {
        kafka      = local.login == "iam" ? 9098 : 9096
        postgres   = module.postgres.port
        redis      = module.redis.port
        clickhouse = distinct([for cluster in module.clickhouse : cluster.port])
        s3         = 443
      }
    }

    monitoring = {
      remoteWriteUrl    = module.observability.remote_write_url
      queryUrl          = module.observability.query_url
      logGroup          = module.observability.log_group
      clickhouseTargets = flatten([for cluster in module.clickhouse : cluster.metrics_targets])
    }

    hosts = { api = "api.${var.domain}", collector = "collect.${var.domain}" }
  }
}
