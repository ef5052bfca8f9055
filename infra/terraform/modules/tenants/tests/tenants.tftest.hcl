run "clusters_and_their_tenants_are_read" {
  command = plan

  variables {
    folder = "tests/complete"
  }

  assert {
    condition = jsonencode(output.clusters) == jsonencode({
      large  = { tenants = ["large"], dedicated = true }
      shared = { tenants = ["schema", "small"], dedicated = false }
    })
    error_message = "Keys above the first table, and only those, decide the placement."
  }
}

run "the_tenants_of_this_repository_can_be_read" {
  command = plan

  variables {
    folder = "../../../../tenants"
  }

  assert {
    condition     = jsonencode(output.clusters["dedicated"]) == jsonencode({ tenants = ["northwind"], dedicated = true })
    error_message = "northwind has a cluster of its own."
  }
}

run "a_second_tenant_on_a_dedicated_cluster_is_refused" {
  command = plan

  variables {
    folder = "tests/crowded"
  }

  expect_failures = [output.clusters]
}

run "a_file_without_a_placement_is_refused" {
  command = plan

  variables {
    folder = "tests/incomplete"
  }

  expect_failures = [output.clusters]
}

run "a_folder_without_tenants_is_refused" {
  command = plan

  variables {
    folder = "tests/empty"
  }

  expect_failures = [var.folder]
}
