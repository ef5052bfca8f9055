variable "name" {
  description = "The platform's name."
  type        = string
}

variable "page_endpoints" {
  description = "Who is paged: e-mail addresses or https URLs, such as the one of a paging service."
  type        = set(string)

  validation {
    condition     = length(var.page_endpoints) > 0
    error_message = "page_endpoints must name at least one receiver: an alarm that nobody hears is none."
  }

  validation {
    condition     = alltrue([for address in var.page_endpoints : startswith(address, "https://") || can(regex("^[^@\\s]+@[^@\\s]+$", address))])
    error_message = "page_endpoints must be e-mail addresses or https URLs."
  }
}

variable "ticket_endpoints" {
  description = "Who is notified of what can wait until morning: e-mail addresses or https URLs."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.ticket_endpoints : startswith(address, "https://") || can(regex("^[^@\\s]+@[^@\\s]+$", address))])
    error_message = "ticket_endpoints must be e-mail addresses or https URLs."
  }
}

variable "rules" {
  description = "Files of Prometheus rules by name, evaluated next to the series: they also fire while the cluster is away."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for rules in values(var.rules) : can(yamldecode(rules).groups)])
    error_message = "rules must be YAML with `groups`, as Prometheus reads it."
  }
}

variable "log_days" {
  description = "How long logs are kept, in days."
  type        = number
  default     = 365

  validation {
    condition     = contains([365, 400, 545, 731, 1096, 1827], var.log_days)
    error_message = "log_days must be 365, 400, 545, 731, 1096 or 1827, which CloudWatch accepts: a year covers an audit."
  }
}
