output "cluster_name" {
  description = "The cluster's name, for `aws eks update-kubeconfig --name`."
  value       = aws_eks_cluster.this.name
}

output "endpoint" {
  description = "The URL of the API server."
  value       = aws_eks_cluster.this.endpoint
}

output "node_security_group_id" {
  description = "The group of all nodes and pods, which the stores admit."
  value       = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
}

output "volume_key_arn" {
  description = "The key of persistent volumes: `kmsKeyId` of the storage class."
  value       = module.key.arn
}

output "service_account_roles" {
  description = "The role of each service account."
  value       = { for name, role in aws_iam_role.pod : name => role.arn }
}
