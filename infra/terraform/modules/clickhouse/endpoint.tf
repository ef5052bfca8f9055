# The endpoint: an internal load balancer with a certificate that every client trusts. It sends to one
# server, the active one, since a batch in doubt is read back from the server that may have stored it.
resource "aws_acm_certificate" "this" {
  for_each = local.one

  domain_name       = local.endpoint
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "validation" {
  for_each = local.one

  zone_id         = var.zone_id
  name            = one(aws_acm_certificate.this[var.cluster].domain_validation_options[*].resource_record_name)
  type            = one(aws_acm_certificate.this[var.cluster].domain_validation_options[*].resource_record_type)
  records         = aws_acm_certificate.this[var.cluster].domain_validation_options[*].resource_record_value
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "this" {
  for_each = local.one

  certificate_arn         = aws_acm_certificate.this[var.cluster].arn
  validation_record_fqdns = [aws_route53_record.validation[var.cluster].fqdn]
}

resource "aws_lb" "this" {
  #checkov:skip=CKV_AWS_91:ClickHouse's own query log names account and query; the balancer knows less.
  #checkov:skip=CKV_AWS_150:Deletion protection is on by default, and a test holds this.
  for_each = local.one

  name                             = substr("${var.cluster}-${md5(local.name)}", 0, 32)
  internal                         = true
  load_balancer_type               = "network"
  subnets                          = var.subnet_ids
  security_groups                  = [aws_security_group.balancer[var.cluster].id]
  enable_cross_zone_load_balancing = true
  enable_deletion_protection       = var.deletion_protection
}

resource "aws_lb_target_group" "this" {
  for_each = local.one

  name                 = substr("${var.cluster}-${md5(local.name)}", 0, 32)
  port                 = 8443
  protocol             = "TLS"
  target_type          = "instance"
  vpc_id               = var.vpc_id
  preserve_client_ip   = "false"
  deregistration_delay = "60"

  health_check {
    protocol            = "HTTPS"
    path                = "/ping"
    port                = "8443"
    interval            = 10
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

resource "aws_lb_target_group_attachment" "active" {
  for_each = local.one

  target_group_arn = aws_lb_target_group.this[var.cluster].arn
  target_id        = aws_instance.this["server-${min(var.active_replica, var.replicas - 1)}"].id
  port             = 8443
}

resource "aws_lb_listener" "this" {
  for_each = local.one

  load_balancer_arn = aws_lb.this[var.cluster].arn
  port              = 443
  protocol          = "TLS"
  certificate_arn   = aws_acm_certificate_validation.this[var.cluster].certificate_arn
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[var.cluster].arn
  }
}

resource "aws_route53_record" "endpoint" {
  for_each = local.one

  zone_id = var.zone_id
  name    = local.endpoint
  type    = "A"

  alias {
    name                   = aws_lb.this[var.cluster].dns_name
    zone_id                = aws_lb.this[var.cluster].zone_id
    evaluate_target_health = false
  }
}
