variable "name" {
  description = "The replication group's name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,39}$", var.name))
    error_message = "name has at most 40 characters: a letter first, then a-z, 0-9 and '-'."
  }
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
    error_message = "subnet_ids must be in at least two zones: a replica needs another one."
  }
}

variable "clients" {
  description = "Security groups that connect, by a name of your choice."
  type        = map(string)
}

variable "node_type" {
  description = "The nodes' type."
  type        = string
  default     = "cache.r7g.large"

  validation {
    condition     = startswith(var.node_type, "cache.")
    error_message = "node_type begins with \"cache.\", such as cache.r7g.large."
  }
}

variable "replicas" {
  description = "Replicas of the primary, in other zones."
  type        = number
  default     = 1

  validation {
    condition     = contains([1, 2, 3, 4, 5], var.replicas)
    error_message = "replicas must be 1 to 5: without one, there is no failover."
  }
}

variable "password" {
  description = "The password of all clients, 16 to 128 letters and digits."
  type        = string
  sensitive   = true

  validation {
    condition     = can(regex("^[A-Za-z0-9]{16,128}$", var.password))
    error_message = "password must be 16 to 128 letters and digits, so that a URL can hold it as it is."
  }
}

variable "alarm_topics" {
  description = "ARNs of SNS topics that alarms are sent to."
  type        = list(string)
  default     = []
}
