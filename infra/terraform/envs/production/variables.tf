variable "region" {
  description = "The region, such as `eu-central-1`."
  type        = string
}

variable "account_id" {
  description = "The only account that this environment may be applied to."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id has 12 digits."
  }
}

variable "zones" {
  description = "Three availability zones of the region."
  type        = list(string)
}

variable "domain" {
  description = "The platform's domain. The api is `api.<domain>`, the collector `collect.<domain>`."
  type        = string
}

variable "zone_id" {
  description = "The public hosted zone of the domain."
  type        = string
}

variable "archive_bucket" {
  description = "The archive's bucket, unique in all of AWS; that of the backups has its name and -backups."
  type        = string
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

variable "page_endpoints" {
  description = "Who is paged by alarms: e-mail addresses or https URLs."
  type        = set(string)
}

variable "ticket_endpoints" {
  description = "Who is notified of what can wait: e-mail addresses or https URLs."
  type        = set(string)
  default     = []
}
