mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_resource "aws_eks_cluster" {
    defaults = { vpc_config = { cluster_security_group_id = "sg-nodes" } }
  }
}

variables {
  name           = "footfall-test"
  subnet_ids     = ["subnet-a", "subnet-b", "subnet-c"]
  administrators = { operators = "arn:aws:iam::123456789012:role/operators" }
}

run "the_cluster_is_private_encrypted_and_logged" {
  command = plan

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_private_access && !aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    error_message = "The API server must not be public unless somebody says for whom."
  }

  assert {
    condition     = contains(aws_eks_cluster.this.enabled_cluster_log_types, "audit") && aws_eks_cluster.this.deletion_protection
    error_message = "Audit log and deletion protection are on."
  }

  assert {
    condition     = aws_eks_cluster.this.encryption_config[0].resources == toset(["secrets"])
    error_message = "Secrets are encrypted with our key."
  }

  assert {
    condition     = !aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions
    error_message = "Whoever applies gets no access by that."
  }
}

run "nodes_exist_in_each_zone_and_keep_their_role_from_pods" {
  command = plan

  assert {
    condition     = keys(aws_eks_node_group.this) == ["services-0", "services-1", "services-2"]
    error_message = "A spool's volume needs a node in its own zone."
  }

  assert {
    condition     = aws_launch_template.node["services"].metadata_options[0].http_tokens == "required" && aws_launch_template.node["services"].metadata_options[0].http_put_response_hop_limit == 1
    error_message = "A pod must not reach the node's role."
  }

  assert {
    condition     = jsondecode(aws_eks_addon.network.configuration_values).enableNetworkPolicy == "true"
    error_message = "The chart's network policies must be enforced."
  }
}

run "a_service_account_has_its_own_role" {
  variables {
    service_accounts = {
      footfall-api = { namespace = "footfall", statements = [{ Effect = "Allow", Action = ["s3:GetObject"], Resource = ["*"] }] }
    }
  }

  assert {
    condition     = aws_eks_pod_identity_association.pod["footfall-api"].namespace == "footfall" && jsondecode(aws_iam_role_policy.pod["footfall-api"].policy).Statement[0].Action[0] == "s3:GetObject"
    error_message = "The statements become the role's policy."
  }

  assert {
    condition     = output.service_account_roles["footfall-api"] == aws_iam_role.pod["footfall-api"].arn && output.cluster_name == "footfall-test"
    error_message = "The chart needs the roles and the name."
  }
}

run "the_whole_internet_is_refused" {
  command = plan

  variables {
    endpoint_public_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.endpoint_public_cidrs]
}

run "an_old_kubernetes_is_refused" {
  command = plan

  variables {
    kubernetes_version = "1.32"
  }

  expect_failures = [var.kubernetes_version]
}

run "a_cluster_that_nobody_may_use_is_refused" {
  command = plan

  variables {
    administrators = {}
  }

  expect_failures = [var.administrators]
}

run "a_zone_without_nodes_is_refused" {
  command = plan

  variables {
    node_groups = { services = { instance_types = ["m7g.large"], min_per_zone = 0 } }
  }

  expect_failures = [var.node_groups]
}
