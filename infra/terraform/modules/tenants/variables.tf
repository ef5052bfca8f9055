variable "folder" {
  description = "The folder of the tenants' files, `*.toml`."
  type        = string

  validation {
    condition     = length(fileset(var.folder, "*.toml")) > 0
    error_message = "folder must contain at least one file of a tenant, *.toml."
  }
}
