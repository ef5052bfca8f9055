variable "name" {
  description = "The cluster's name."
  type        = string
}

variable "vpc_id" {
  description = "The network's id."
  type        = string
}

variable "subnet_ids" {
  description = "One subnet in each of three zones."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) == 3
    error_message = "subnet_ids must be one subnet in each of three zones: each zone holds one replica."
  }
}

variable "clients" {
  description = "Security groups that connect, by a name of your choice."
  type        = map(string)
}

variable "kafka_version" {
  description = "The version as MSK writes it, of a cluster without ZooKeeper, such as `4.1.x.kraft`."
  type        = string
  default     = "4.1.x.kraft"

  validation {
    condition     = can(regex("^(3\\.[7-9]|4\\.[0-9]+)\\.x\\.kraft$", var.kafka_version))
    error_message = "kafka_version must be 3.7.x.kraft or later, as MSK writes it: with .x.kraft at the end."
  }
}

variable "instance_type" {
  description = "The brokers' instance type."
  type        = string
  default     = "kafka.m7g.large"

  validation {
    condition     = startswith(var.instance_type, "kafka.")
    error_message = "instance_type begins with \"kafka.\", such as kafka.m7g.large."
  }
}

variable "brokers_per_zone" {
  description = "Brokers in each of the three zones."
  type        = number
  default     = 1

  validation {
    condition     = contains([1, 2, 3, 4, 5], var.brokers_per_zone)
    error_message = "brokers_per_zone must be 1 to 5."
  }
}

variable "volume_gib" {
  description = "The first size of each broker's volume, in GiB. Afterwards autoscaling decides, up to volume_max_gib; a change here has no effect."
  type        = number
  default     = 500
}

variable "volume_max_gib" {
  description = "The most that autoscaling lets each volume grow to, in GiB. Volumes never shrink."
  type        = number
  default     = 4000
}

variable "partitions" {
  description = "Partitions of the topic of events: fixed once the topic exists, as a change moves event ids and so breaks the 24 hours in which duplicates are dropped."
  type        = number
  default     = 48

  validation {
    condition     = var.partitions >= 12 && var.partitions <= 1000
    error_message = "partitions must be 12 to 1000; it is also the most processors of one sink."
  }
}

variable "retention_hours" {
  description = "How long the log keeps events, in hours. A sink that is away longer reads the archive instead."
  type        = number
  default     = 168

  validation {
    condition     = var.retention_hours >= 48
    error_message = "retention_hours must be at least 48: duplicates are found by the last 24 hours of the log."
  }
}

variable "authentication" {
  description = "How clients prove who they are: \"iam\", \"scram\" or both. Both use TLS."
  type        = set(string)
  default     = ["iam"]

  validation {
    condition     = length(var.authentication) > 0 && length(setsubtract(var.authentication, ["iam", "scram"])) == 0
    error_message = "authentication must be \"iam\", \"scram\" or both; a log open to all would let anyone write as any tenant."
  }
}

variable "scram_secret_arn" {
  description = "The secret of the SCRAM login; its name begins with `AmazonMSK_`. Needed with \"scram\"."
  type        = string
  default     = null
}

variable "alarm_topics" {
  description = "ARNs of SNS topics that alarms are sent to."
  type        = list(string)
  default     = []
}
