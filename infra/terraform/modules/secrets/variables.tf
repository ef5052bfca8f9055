variable "name" {
  description = "The platform's name: the secrets' names begin with it."
  type        = string
}

variable "postgres_host" {
  description = "The address of PostgreSQL."
  type        = string
}

variable "redis_host" {
  description = "The address of Redis."
  type        = string
}

variable "clusters" {
  description = "The names of the ClickHouse clusters."
  type        = set(string)

  validation {
    condition     = length(var.clusters) > 0 && alltrue([for cluster in var.clusters : can(regex("^[a-z][a-z0-9-]*$", cluster))])
    error_message = "clusters must name at least one cluster, in a-z, 0-9 and '-'."
  }
}

variable "own_logins" {
  description = "Whether services log in to PostgreSQL with logins of their own. Create the roles first: see the README."
  type        = bool
  default     = false
}

variable "pods_by_scram" {
  description = "Whether Footfall's pods log in to Kafka by SCRAM, and so get the password. Needs `kafka_scram`."
  type        = bool
  default     = false
}

variable "kafka_scram" {
  description = "Whether Kafka's clients log in by SCRAM, and so need a login."
  type        = bool
  default     = false
}
