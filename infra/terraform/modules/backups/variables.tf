variable "name" {
  description = "The platform's name."
  type        = string
}

variable "bucket" {
  description = "The bucket's name, unique in all of AWS."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "bucket has 3 to 63 characters, a-z, 0-9 and '-'."
  }
}

variable "days" {
  description = "How long a backup is kept, in days. One that is based on another can be restored as long as that is kept, too."
  type        = number
  default     = 42

  validation {
    condition     = var.days >= 15
    error_message = "days must be at least 15: a backup of a night needs that of up to a week before it, and the log keeps 7 days."
  }
}

variable "undelete_days" {
  description = "How long a deleted or replaced object is still there, in days."
  type        = number
  default     = 7

  validation {
    condition     = var.undelete_days >= 1
    error_message = "undelete_days must be at least 1."
  }
}
