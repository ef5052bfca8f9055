variable "name" {
  description = "The cluster's name."
  type        = string
}

variable "kubernetes_version" {
  description = "The version of Kubernetes, `1.33` or later."
  type        = string
  default     = "1.34"

  validation {
    condition     = can(regex("^1\\.[0-9]+$", var.kubernetes_version)) && try(tonumber(split(".", var.kubernetes_version)[1]) >= 33, false)
    error_message = "kubernetes_version must be 1.33 or later: the chart uses fields that older versions drop."
  }
}

variable "subnet_ids" {
  description = "Private subnets, one in each of three zones."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) == 3
    error_message = "subnet_ids must be one subnet in each of three zones."
  }
}

variable "endpoint_public_cidrs" {
  description = "Addresses that reach the API server from outside. Empty: only the network itself does."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.endpoint_public_cidrs : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "endpoint_public_cidrs must be address ranges, and never the whole internet (/0)."
  }
}

variable "administrators" {
  description = "ARNs of IAM roles with full access to the cluster, by a name of your choice."
  type        = map(string)

  validation {
    condition     = length(var.administrators) > 0
    error_message = "administrators must name at least one role: whoever creates the cluster gets no access by that."
  }
}

variable "node_groups" {
  description = "Groups of nodes. Each exists once in every zone, so `min_per_zone = 1` means three nodes."
  type = map(object({
    instance_types = list(string)
    ami_type       = optional(string, "AL2023_ARM_64_STANDARD")
    min_per_zone   = optional(number, 1)
    max_per_zone   = optional(number, 4)
    disk_gib       = optional(number, 100)
  }))
  default = {
    services = { instance_types = ["m7g.xlarge"] }
  }

  validation {
    condition     = alltrue([for group in values(var.node_groups) : group.min_per_zone >= 1 && group.max_per_zone >= group.min_per_zone])
    error_message = "Each zone needs at least one node, and max_per_zone must not be less than min_per_zone."
  }
}

variable "service_accounts" {
  description = "Service accounts whose pods have a role: the namespace, and the statements of the role's policy."
  type = map(object({
    namespace  = string
    statements = any
  }))
  default = {}
}

variable "deletion_protection" {
  description = "Whether the cluster refuses to be deleted."
  type        = bool
  default     = true
}
