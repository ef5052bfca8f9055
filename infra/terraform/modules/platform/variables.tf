variable "name" {
  description = "The platform's name, such as `footfall-production`: the prefix of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,23}$", var.name))
    error_message = "name has 3 to 24 characters: a letter first, then a-z, 0-9 and '-'. Names of roles are longer and end at 64."
  }
}

variable "domain" {
  description = "The platform's domain, such as `footfall.example`."
  type        = string
}

variable "zone_id" {
  description = "The public hosted zone of the domain."
  type        = string
}

variable "tenants_folder" {
  description = "The folder of the tenants' files: their clusters are made."
  type        = string
}

variable "namespace" {
  description = "The namespace that the chart is installed into."
  type        = string
  default     = "footfall"
}

variable "cidr" {
  description = "The address range of the network, a /16."
  type        = string
  default     = "10.40.0.0/16"
}

variable "zones" {
  description = "Three availability zones."
  type        = list(string)
}

variable "nat_per_zone" {
  description = "Whether each zone has its own NAT gateway."
  type        = bool
  default     = true
}

variable "kubernetes_version" {
  description = "The version of Kubernetes."
  type        = string
  default     = "1.34"
}

variable "administrators" {
  description = "ARNs of IAM roles with full access to the Kubernetes cluster, by a name of your choice."
  type        = map(string)
}

variable "endpoint_public_cidrs" {
  description = "Addresses that reach the Kubernetes API from outside. Empty: only the network itself does."
  type        = list(string)
  default     = []
}

variable "node_groups" {
  description = "Groups of nodes, as the module `eks` describes them."
  type = map(object({
    instance_types = list(string)
    ami_type       = optional(string, "AL2023_ARM_64_STANDARD")
    min_per_zone   = optional(number, 1)
    max_per_zone   = optional(number, 4)
    disk_gib       = optional(number, 100)
  }))
}

variable "kafka" {
  description = "The log, as the module `kafka` describes it."
  type = object({
    version          = optional(string, "4.1.x.kraft")
    instance_type    = optional(string, "kafka.m7g.large")
    brokers_per_zone = optional(number, 1)
    volume_gib       = optional(number, 500)
    volume_max_gib   = optional(number, 4000)
    partitions       = optional(number, 48)
    authentication   = optional(set(string), ["iam"])
  })
  default = {}
}

variable "postgres" {
  description = "PostgreSQL, as the module `postgres` describes it."
  type = object({
    engine_version  = optional(string, "17")
    instance_class  = optional(string, "db.r7g.large")
    storage_gib     = optional(number, 100)
    multi_az        = optional(bool, true)
    backup_days     = optional(number, 35)
    max_connections = optional(number, 1000)
    processes       = optional(number, 40)
    own_logins      = optional(bool, false)
  })
  default = {}
}

variable "redis" {
  description = "Redis, as the module `redis` describes it."
  type = object({
    node_type = optional(string, "cache.r7g.large")
    replicas  = optional(number, 1)
  })
  default = {}
}

variable "archive_bucket" {
  description = "The archive's bucket, unique in all of AWS; that of the backups has its name and -backups."
  type        = string
}

variable "archive_lock_days" {
  description = "How long an object of the archive cannot be deleted, in days."
  type        = number
  default     = 35
}

variable "backup_days" {
  description = "How long the part of ClickHouse in a backup is kept, in days."
  type        = number
  default     = 42
}

variable "clickhouse_version" {
  description = "The release of ClickHouse."
  type        = string
  default     = "26.7"
}

variable "clickhouse_defaults" {
  description = "The size of a cluster that `clickhouse` does not name."
  type = object({
    replicas              = optional(number)
    instance_type         = optional(string)
    volume_gib            = optional(number)
    volume_iops           = optional(number)
    volume_throughput_mib = optional(number)
    query_memory_gib      = optional(number)
    query_threads         = optional(number)
  })
  default = {}
}

variable "clickhouse" {
  description = "What differs, by the name of the cluster. With external_url, a ClickHouse run elsewhere is used."
  type = map(object({
    external_url          = optional(string)
    replicas              = optional(number)
    active_replica        = optional(number)
    instance_type         = optional(string)
    volume_gib            = optional(number)
    volume_iops           = optional(number)
    volume_throughput_mib = optional(number)
    query_memory_gib      = optional(number)
    query_threads         = optional(number)
  }))
  default = {}
}

variable "page_endpoints" {
  description = "Who is paged by alarms: e-mail addresses or https URLs."
  type        = set(string)
}

variable "ticket_endpoints" {
  description = "Who is notified of what can wait: e-mail addresses or https URLs."
  type        = set(string)
  default     = []
}

variable "rules" {
  description = "Files of Prometheus rules by name."
  type        = map(string)
  default     = {}
}

variable "deletion_protection" {
  description = "Whether stores and machines refuse to be deleted."
  type        = bool
  default     = true
}
