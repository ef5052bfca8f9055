variable "name" {
  description = "The platform's name, such as `footfall-production`: the prefix of every name."
  type        = string
}

variable "cidr" {
  description = "The address range of the network, a /16."
  type        = string
  default     = "10.40.0.0/16"

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && endswith(var.cidr, "/16")
    error_message = "cidr must be an IPv4 range with /16: three /20 for pods do not fit well into less."
  }
}

variable "zones" {
  description = "Three availability zones: Kafka's replicas and Keeper's quorum need one each."
  type        = list(string)

  validation {
    condition     = length(var.zones) == 3 && length(distinct(var.zones)) == 3
    error_message = "zones must be three different availability zones."
  }
}

variable "nat_per_zone" {
  description = "Whether each zone has its own NAT gateway. One for all is cheaper, and its zone's outage cuts off the others."
  type        = bool
  default     = true
}
