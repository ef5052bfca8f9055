variable "name" {
  description = "The platform's name."
  type        = string
}

variable "cluster" {
  description = "The cluster's name, as the tenants' files write it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,29}$", var.cluster))
    error_message = "cluster has at most 30 characters: a letter first, then a-z, 0-9 and '-'."
  }
}

variable "external_url" {
  description = "The HTTPS endpoint of a ClickHouse that is run elsewhere. Null: one is made here."
  type        = string
  default     = null

  validation {
    condition     = var.external_url == null || can(regex("^https://[^/@]+$", var.external_url))
    error_message = "external_url must be https://host[:port], without a path or a password."
  }
}

variable "vpc_id" {
  description = "The network's id."
  type        = string
}

variable "zones" {
  description = "The three zones of subnet_ids, in the same order."
  type        = list(string)

  validation {
    condition     = length(var.zones) == 3
    error_message = "zones must be three: Keeper's quorum survives the loss of one."
  }
}

variable "subnet_ids" {
  description = "One private subnet in each zone."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) == 3
    error_message = "subnet_ids must be one subnet in each of three zones."
  }
}

variable "clients" {
  description = "Security groups that connect, by a name of your choice."
  type        = map(string)
}

variable "domain" {
  description = "The platform's domain; the endpoint is `<cluster>.clickhouse.<domain>`."
  type        = string
}

variable "zone_id" {
  description = "The public zone of the domain, in which certificates are validated. The endpoint's addresses are private."
  type        = string
}

variable "secret_arn" {
  description = "The secret with `writer_password` and `reader_password`, which the servers read when they start."
  type        = string
}

variable "secret_key_arn" {
  description = "The key that encrypts the secret."
  type        = string
}

variable "clickhouse_version" {
  description = "The release, such as `26.7`; the newest correction of it is installed."
  type        = string
  default     = "26.7"

  validation {
    condition     = can(regex("^[0-9]{2}\\.[0-9]{1,2}(\\.[0-9]+)*$", var.clickhouse_version)) && try(tonumber(split(".", var.clickhouse_version)[0]) >= 26, false)
    error_message = "clickhouse_version must be a release of 26 or later, such as 26.7."
  }
}

variable "replicas" {
  description = "Servers: 2 in two zones, with three Keepers; or 1, without Keepers."
  type        = number
  default     = 2

  validation {
    condition     = contains([1, 2], var.replicas)
    error_message = "replicas must be 1 or 2."
  }
}

variable "active_replica" {
  description = "The server that the endpoint sends to: 0 or 1. A change is the failover."
  type        = number
  default     = 0

  validation {
    condition     = contains([0, 1], var.active_replica)
    error_message = "active_replica must be 0 or 1."
  }
}

variable "instance_type" {
  description = "The servers' instance type, of the arm64 architecture."
  type        = string
  default     = "r7g.2xlarge"
}

variable "keeper_instance_type" {
  description = "The Keepers' instance type, of the arm64 architecture."
  type        = string
  default     = "t4g.medium"
}

variable "volume_gib" {
  description = "Each server's volume, in GiB. It can grow, never shrink."
  type        = number
  default     = 1000

  validation {
    condition     = var.volume_gib >= 20
    error_message = "volume_gib must be at least 20: a tenth stays free for merges."
  }
}

variable "volume_iops" {
  description = "Operations per second of each server's volume, 3,000 to 16,000."
  type        = number
  default     = 6000

  validation {
    condition     = var.volume_iops >= 3000 && var.volume_iops <= 16000
    error_message = "volume_iops must be 3000 to 16000."
  }
}

variable "volume_throughput_mib" {
  description = "Throughput of each server's volume, in MiB per second, 125 to 1,000."
  type        = number
  default     = 500

  validation {
    condition     = var.volume_throughput_mib >= 125 && var.volume_throughput_mib <= 1000
    error_message = "volume_throughput_mib must be 125 to 1000."
  }
}

variable "query_memory_gib" {
  description = "The most memory of one report's query, in GiB."
  type        = number
  default     = 8
}

variable "query_threads" {
  description = "The most threads of one report's query."
  type        = number
  default     = 8
}

variable "snapshot_days" {
  description = "How many daily snapshots of each server's volume are kept."
  type        = number
  default     = 35

  validation {
    condition     = var.snapshot_days >= 2
    error_message = "snapshot_days must be at least 2."
  }
}

variable "backups" {
  description = "The bucket that the servers write backups to: its address, its ARN and that of its key."
  type = object({
    endpoint = string
    arn      = string
    key_arn  = string
  })
}

variable "deletion_protection" {
  description = "Whether machines and endpoint refuse to be deleted."
  type        = bool
  default     = true
}

variable "alarm_topics" {
  description = "ARNs of SNS topics that alarms are sent to."
  type        = list(string)
  default     = []
}
