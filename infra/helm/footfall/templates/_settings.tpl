{{/*
Settings of a service, as YAML. Those of ClickHouse's clusters are for `footfall migrate` only: it seals the
accounts in PostgreSQL, where the others read them, and without the passwords they would be incomplete.
*/}}
{{- define "footfall.settings" -}}
{{- $settings := dict "FOOTFALL__TELEMETRY__FORMAT" "json" -}}
{{- /* The connections to a pod are those of proxies and nodes, which have few addresses. */ -}}
{{- range $service := list "API" "COLLECTOR" -}}
{{- $_ := set $settings (printf "FOOTFALL__%s__CONNECTIONS_PER_ADDRESS" $service) "0" -}}
{{- if and $.root.Values.ingress.enabled (eq $.root.Values.ingress.controller "alb") -}}
{{- $_ := set $settings (printf "FOOTFALL__%s__KEEP_ALIVE_SECONDS" $service) "3660" -}}
{{- end -}}
{{- end -}}
{{- /* What follows from being behind a proxy, under public names; an operator's own settings replace it. */ -}}
{{- if or .root.Values.ingress.enabled .root.Values.gateway.enabled -}}
{{- $_ := set $settings "FOOTFALL__API__TRUST_FORWARDED_FOR" "true" -}}
{{- $_ := set $settings "FOOTFALL__API__COLLECTOR_URL" (printf "https://%s" .root.Values.hosts.collector) -}}
{{- $_ := set $settings "FOOTFALL__TOKENS__ISSUER" (printf "https://%s" .root.Values.hosts.api) -}}
{{- end -}}
{{- range $name, $value := .root.Values.settings -}}
{{- if or (eq $.service "migrate") (not (hasPrefix "FOOTFALL__CLUSTERS__" $name)) -}}
{{- $_ := set $settings $name $value -}}
{{- end -}}
{{- end -}}
{{- if .root.Values.logFilter -}}
{{- $_ := set $settings "FOOTFALL__TELEMETRY__LOG_FILTER_FILE" "/etc/footfall/filter" -}}
{{- end -}}
{{- $_ := set $settings "FOOTFALL__DATA_DIR" "/var/lib/footfall" -}}
{{- $_ := set $settings "FOOTFALL__METRICS__BIND" "0.0.0.0:8083" -}}
{{- if eq .service "collector" -}}
{{- $_ := set $settings "FOOTFALL__COLLECTOR__BIND" "0.0.0.0:8081" -}}
{{- /* Three quarters of the volume: the spool stops at 80 % of the disk, whatever fills it. */ -}}
{{- $_ := set $settings "FOOTFALL__SPOOL__MAX_BYTES" (mul .root.Values.collector.spool.sizeGib 805306368 | toString) -}}
{{- else if eq .service "processor" -}}
{{- $_ := set $settings "FOOTFALL__PROCESSOR__BIND" "0.0.0.0:8082" -}}
{{- else if eq .service "api" -}}
{{- $_ := set $settings "FOOTFALL__API__BIND" "0.0.0.0:8080" -}}
{{- end -}}
{{- $own := get (get .root.Values .service) "settings" | default dict -}}
{{- merge (dict) $own $settings | toYaml -}}
{{- end -}}
