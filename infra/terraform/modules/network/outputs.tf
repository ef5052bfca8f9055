output "vpc_id" {
  description = "The network's id."
  value       = aws_vpc.this.id
}

output "cidr" {
  description = "The network's address range, for the chart's network policies."
  value       = aws_vpc.this.cidr_block
}

output "public_subnet_ids" {
  description = "One subnet in each zone, for load balancers that the internet reaches."
  value       = [for zone in var.zones : aws_subnet.public[zone].id]
}

output "private_subnet_ids" {
  description = "One subnet in each zone, for nodes and ClickHouse."
  value       = [for zone in var.zones : aws_subnet.private[zone].id]
}

output "data_subnet_ids" {
  description = "One subnet in each zone without a route out, for the managed stores."
  value       = [for zone in var.zones : aws_subnet.data[zone].id]
}
