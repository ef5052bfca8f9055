variable "name" {
  description = "The instance's name."
  type        = string
}

variable "vpc_id" {
  description = "The network's id."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets without a route out, in at least two zones."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids must be in at least two zones: the standby needs another one."
  }
}

variable "clients" {
  description = "Security groups that connect, by a name of your choice."
  type        = map(string)
}

variable "engine_version" {
  description = "The version of PostgreSQL: 15 or later, with or without its minor version."
  type        = string
  default     = "17"

  validation {
    condition     = can(regex("^(1[5-9]|[2-9][0-9])(\\.[0-9]+)?$", var.engine_version))
    error_message = "engine_version must be 15 or later."
  }
}

variable "instance_class" {
  description = "The instance class."
  type        = string
  default     = "db.r7g.large"

  validation {
    condition     = startswith(var.instance_class, "db.")
    error_message = "instance_class begins with \"db.\", such as db.r7g.large."
  }
}

variable "storage_gib" {
  description = "The first size of the storage, in GiB."
  type        = number
  default     = 100
}

variable "storage_max_gib" {
  description = "The most that the storage grows to by itself, in GiB."
  type        = number
  default     = 1000
}

variable "multi_az" {
  description = "Whether a standby in another zone has every commit."
  type        = bool
  default     = true
}

variable "backup_days" {
  description = "How far back the instance can be restored to any second, in days."
  type        = number
  default     = 35

  validation {
    condition     = var.backup_days >= 7 && var.backup_days <= 35
    error_message = "backup_days must be 7 to 35: 35 is the most that RDS keeps, and Kafka holds the events of 7."
  }
}

variable "max_connections" {
  description = "The most connections of the server."
  type        = number
  default     = 1000
}

variable "pool_connections" {
  description = "The most connections of one process: `postgres.max_connections`."
  type        = number
  default     = 16
}

variable "processes" {
  description = "The most processes of Footfall at once: the sum of all replicas at their maximum."
  type        = number
  default     = 40
}

variable "deletion_protection" {
  description = "Whether the instance refuses to be deleted."
  type        = bool
  default     = true
}

variable "alarm_topics" {
  description = "ARNs of SNS topics that alarms are sent to."
  type        = list(string)
  default     = []
}
