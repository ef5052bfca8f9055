variable "region" {
  description = "The region of the state's bucket."
  type        = string
}

variable "account_id" {
  description = "The only account that this may be applied to."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id has 12 digits."
  }
}

variable "bucket" {
  description = "The bucket's name, unique in all of AWS."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "bucket has 3 to 63 characters: a-z, 0-9 and '-'."
  }
}

variable "environments" {
  description = "The environments that keep their state in the bucket."
  type        = set(string)
  default     = ["staging", "production"]

  validation {
    condition     = length(var.environments) > 0
    error_message = "environments must name at least one."
  }
}
