# Reads which ClickHouse clusters the tenants need. There are no resources: the folder `tenants/`, which
# `footfall tenant apply` reads as well, stays the only list of tenants.
#
# HCL cannot parse TOML. Both keys are plain `key = "value"` lines above the first table of a file.
locals {
  placements = {
    for file in fileset(var.folder, "*.toml") : trimsuffix(file, ".toml") => {
      for key in ["isolation", "cluster"] : key => try(
        regex("(?m)^${key}[ \\t]*=[ \\t]*\"([a-z0-9-]+)\"", regexall("(?s)^.*?(?:\n\\[|$)", file("${var.folder}/${file}"))[0])[0],
        ""
      )
    }
  }

  incomplete = sort([for tenant, placement in local.placements : tenant if contains(values(placement), "")])
  dedicated  = { for tenant, placement in local.placements : tenant => placement.cluster if placement.isolation == "dedicated" }
  residents = {
    for cluster in distinct([for placement in values(local.placements) : placement.cluster if placement.cluster != ""]) :
    cluster => sort([for tenant, placement in local.placements : tenant if placement.cluster == cluster])
  }
  crowded = sort([for tenant, cluster in local.dedicated : tenant if length(local.residents[cluster]) > 1])
}
