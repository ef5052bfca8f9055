variable "name" {
  description = "The key's alias, without `alias/`."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9/_-]{1,200}$", var.name)) && !startswith(var.name, "aws")
    error_message = "name has letters, digits, '/', '_' and '-' only, and does not begin with \"aws\"."
  }
}

variable "description" {
  description = "What the key encrypts."
  type        = string
}

variable "services" {
  description = "AWS services that use the key themselves, such as `logs.eu-central-1.amazonaws.com`."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for service in var.services : endswith(service, ".amazonaws.com")])
    error_message = "services are names that end with .amazonaws.com."
  }
}
