# Roles of pods: each service account has its own, with the permissions it needs and no others.
locals {
  pods_assume = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "pods.eks.amazonaws.com" }, Action = ["sts:AssumeRole", "sts:TagSession"] }]
  })
}

resource "aws_iam_role" "pod" {
  for_each = var.service_accounts

  name               = "${var.name}-${each.key}"
  assume_role_policy = local.pods_assume
}

resource "aws_iam_role_policy" "pod" {
  for_each = var.service_accounts

  name   = "footfall"
  role   = aws_iam_role.pod[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value.statements })
}

resource "aws_eks_pod_identity_association" "pod" {
  for_each = var.service_accounts

  cluster_name    = aws_eks_cluster.this.name
  namespace       = each.value.namespace
  service_account = each.key
  role_arn        = aws_iam_role.pod[each.key].arn
}
