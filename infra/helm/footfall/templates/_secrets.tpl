{{/* The Secret of Kubernetes for a purpose (runtime, migrate, kafka); empty if nobody makes one. */}}
{{- define "footfall.secret" -}}
{{- $existing := index .root.Values.existingSecrets .purpose -}}
{{- $external := index .root.Values.externalSecrets .purpose -}}
{{- if and $existing $external -}}
{{- fail (printf "existingSecrets.%s and externalSecrets.%s are both set: give one of them." .purpose .purpose) -}}
{{- else if $existing -}}
{{- $existing -}}
{{- else if $external -}}
{{- printf "%s-%s" (include "footfall.name" .root) .purpose -}}
{{- end -}}
{{- end -}}

{{- define "footfall.neededSecret" -}}
{{- $name := include "footfall.secret" . -}}
{{- $name | required (printf "existingSecrets.%s or externalSecrets.%s must name the secret of %s." .purpose .purpose .for) -}}
{{- end -}}

{{/* What an operator must give, and what does not fit together. */}}
{{- define "footfall.check" -}}
{{- $settings := .Values.settings -}}
{{- $places := dict "settings" $settings "collector.settings" .Values.collector.settings "processor.settings" .Values.processor.settings "api.settings" .Values.api.settings -}}
{{- range $place, $named := $places -}}
{{- range $name, $value := $named -}}
{{- if not (regexMatch "^FOOTFALL__[A-Z0-9]+(__?[A-Z0-9]+)*$" $name) -}}
{{- fail (printf "%s.%s is no setting: names are FOOTFALL__SECTION__NAME, with two underscores each." $place $name) -}}
{{- else if regexMatch "^FOOTFALL__(POSTGRES__([A-Z]+_)?URL|SECRETS__.*|.*PASSWORD|.*SECRET_ACCESS_KEY)$" $name -}}
{{- fail (printf "%s.%s is secret: put it into the Secret that existingSecrets or externalSecrets names." $place $name) -}}
{{- else if and (eq $name "FOOTFALL__REDIS__URL") (contains "@" $value) -}}
{{- fail (printf "%s.%s has a password: put it into the Secret that existingSecrets or externalSecrets names." $place $name) -}}
{{- else if regexMatch "^FOOTFALL__(DATA_DIR|[A-Z]+__BIND|SPOOL__(FOLDER|MAX_BYTES)|PROCESSOR__(INSTANCE|RECENT_IDS_FOLDER))$" $name -}}
{{- fail (printf "%s.%s is set by the chart: ports, folders, and the pod's name." $place $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if not (get $settings "FOOTFALL__KAFKA__BROKERS") -}}
{{- fail "settings.FOOTFALL__KAFKA__BROKERS must name the brokers of Kafka: host:port, separated by commas." -}}
{{- end -}}
{{- if not (hasPrefix "s3://" (get $settings "FOOTFALL__ARCHIVE__URL")) -}}
{{- fail "settings.FOOTFALL__ARCHIVE__URL must begin with s3://: pods share no folder." -}}
{{- end -}}
{{- if and (or .Values.ingress.enabled .Values.gateway.enabled) (not (and .Values.hosts.api .Values.hosts.collector)) -}}
{{- fail "hosts.api and hosts.collector must be set: an Ingress and a Gateway are reached by them." -}}
{{- end -}}
{{- if and .Values.gateway.enabled (not .Values.gateway.parentRefs) -}}
{{- if not .Values.gateway.className -}}
{{- fail "gateway.className must be set, or gateway.parentRefs." -}}
{{- end -}}
{{- if not (and .Values.gateway.tls.api .Values.gateway.tls.collector) -}}
{{- fail "gateway.tls.api and gateway.tls.collector must name the Secrets of the certificates." -}}
{{- end -}}
{{- end -}}
{{- $collector := .Values.collector -}}
{{- $collectors := ternary $collector.autoscaling.minReplicas $collector.replicas $collector.autoscaling.enabled | int -}}
{{- range $collector.drain -}}
{{- if lt (int .) $collectors -}}
{{- fail (printf "collector.drain names %d, but the collectors 0 to %d run: their spools are their own." (int .) (sub $collectors 1)) -}}
{{- end -}}
{{- end -}}
{{- if and (eq .Values.kafka.login "iam") .Values.processor.autoscaling.enabled (not .Values.externalSecrets.region) -}}
{{- fail "externalSecrets.region must be set: with kafka.login iam, KEDA asks the brokers of that region." -}}
{{- end -}}
{{- end -}}
