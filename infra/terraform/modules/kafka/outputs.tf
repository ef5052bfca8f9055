output "brokers" {
  description = "Bootstrap brokers by kind of login: `host:port`, separated by commas. Null where the kind is off."
  value = {
    iam   = contains(var.authentication, "iam") ? aws_msk_cluster.this.bootstrap_brokers_sasl_iam : null
    scram = contains(var.authentication, "scram") ? aws_msk_cluster.this.bootstrap_brokers_sasl_scram : null
  }
}

output "partitions" {
  description = "Partitions of the topic of events: `kafka.partitions`, and the most replicas of a sink."
  value       = var.partitions
}

output "replication" {
  description = "The replication factor of Footfall's topics: `kafka.replication`."
  value       = local.zones
}

output "client_statements" {
  description = "What an IAM role needs to write and read Footfall's topics, and `migrate` to create them."
  value = [
    {
      Effect   = "Allow"
      Action   = ["kafka-cluster:Connect", "kafka-cluster:DescribeCluster", "kafka-cluster:WriteDataIdempotently"]
      Resource = ["${local.arn_prefix}:cluster/${var.name}/*"]
    },
    {
      Effect = "Allow"
      Action = [
        "kafka-cluster:CreateTopic", "kafka-cluster:DescribeTopic", "kafka-cluster:DescribeTopicDynamicConfiguration",
        "kafka-cluster:AlterTopicDynamicConfiguration", "kafka-cluster:ReadData", "kafka-cluster:WriteData",
      ]
      Resource = [for topic in local.topics : "${local.arn_prefix}:topic/${var.name}/*/${topic}"]
    },
    {
      Effect   = "Allow"
      Action   = ["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"]
      Resource = ["${local.arn_prefix}:group/${var.name}/*"]
    },
  ]
}
