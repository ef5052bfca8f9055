variable "name" {
  description = "The platform's name."
  type        = string
}

variable "bucket" {
  description = "The bucket's name, unique in all of AWS. No other platform may use it, not even a recreated one."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,54}[a-z0-9]$", var.bucket))
    error_message = "bucket has 3 to 56 characters, a-z, 0-9 and '-': the bucket of its access log is named after it."
  }
}

variable "lock_days" {
  description = "How long an object or its replaced version cannot be deleted, in days. It must outlast the log, so that what the log has dropped is still here."
  type        = number
  default     = 35

  validation {
    condition     = var.lock_days >= 8
    error_message = "lock_days must be at least 8: the log keeps events for 7 days."
  }
}

variable "infrequent_access_days" {
  description = "After how many days an object moves to the cheaper class for rare reads. S3 wants at least 30."
  type        = number
  default     = 90

  validation {
    condition     = var.infrequent_access_days >= 30
    error_message = "infrequent_access_days must be at least 30."
  }
}
