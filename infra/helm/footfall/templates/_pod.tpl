{{/* What the "restricted" level of pod security asks of a container, and a root file system without writes. */}}
{{- define "footfall.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{- define "footfall.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{/*
The template of the pods of a service:
(dict "root" $ "service" "processor" "component" "processor-store" "args" (list …) "port" 8082 "resources" …)
*/}}
{{- define "footfall.podTemplate" -}}
{{- $pods := .root.Values.pods -}}
{{- $certificate := printf "FOOTFALL__%s__TLS__CERTIFICATE_FILE" (upper .service) -}}
{{- $scheme := hasKey (include "footfall.settings" . | fromYaml) $certificate | ternary "HTTPS" "HTTP" -}}
metadata:
  labels:
    {{- with $pods.labels }}{{ toYaml . | nindent 4 }}{{ end }}
    {{- include "footfall.selector" . | nindent 4 }}
    app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
  annotations:
    {{- with $pods.annotations }}{{ toYaml . | nindent 4 }}{{ end }}
    # New settings restart the pods.
    checksum/settings: {{ include "footfall.settings" . | sha256sum }}
spec:
  serviceAccountName: {{ include "footfall.serviceAccount" . }}
  automountServiceAccountToken: false
  # Variables such as FOOTFALL_API_PORT would be taken for misnamed settings.
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ (get .root.Values .service).terminationSeconds }}
  {{- with .root.Values.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  {{- with $pods.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $pods.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $pods.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    - topologyKey: topology.kubernetes.io/zone
      maxSkew: 1
      whenUnsatisfiable: {{ $pods.spread.zones }}
      labelSelector: { matchLabels: {{ include "footfall.selector" . | fromYaml | toJson }} }
      {{- if ne .service "collector" }}
      matchLabelKeys: [pod-template-hash]
      {{- end }}
    - topologyKey: kubernetes.io/hostname
      maxSkew: 1
      whenUnsatisfiable: {{ $pods.spread.nodes }}
      labelSelector: { matchLabels: {{ include "footfall.selector" . | fromYaml | toJson }} }
      {{- if ne .service "collector" }}
      matchLabelKeys: [pod-template-hash]
      {{- end }}
  securityContext: {{- include "footfall.podSecurity" . | nindent 4 }}
  containers:
    - name: {{ .service }}
      image: {{ include "footfall.image" .root }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      args: {{ .args | toJson }}
      {{- if eq .service "processor" }}
      env:
        # Its partitions come back at once when its container is restarted.
        - name: FOOTFALL__PROCESSOR__INSTANCE
          valueFrom: { fieldRef: { fieldPath: metadata.name } }
      {{- end }}
      envFrom:
        - configMapRef: { name: {{ include "footfall.name" .root }}-{{ .service }} }
        - secretRef: { name: {{ include "footfall.neededSecret" (dict "root" .root "purpose" "runtime" "for" "every process") }} }
      ports:
        - { name: http, containerPort: {{ .port }} }
        - { name: metrics, containerPort: 8083 }
      startupProbe:
        httpGet: { path: /healthz, port: http, scheme: {{ $scheme }} }
        periodSeconds: 2
        failureThreshold: 30
      readinessProbe:
        httpGet: { path: /readyz, port: http, scheme: {{ $scheme }} }
        periodSeconds: 5
        # Longer than the two seconds after which a check has failed.
        timeoutSeconds: 3
        failureThreshold: 2
      # The process only: no restart repairs a store that is unavailable.
      livenessProbe:
        httpGet: { path: /healthz, port: http, scheme: {{ $scheme }} }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      lifecycle:
        preStop: { sleep: { seconds: {{ $pods.preStopSeconds }} } }
      resources: {{- toYaml .resources | nindent 8 }}
      securityContext: {{- include "footfall.containerSecurity" . | nindent 8 }}
      terminationMessagePolicy: FallbackToLogsOnError
      {{- if or (ne .service "api") .root.Values.logFilter .root.Values.certificates.secret }}
      volumeMounts:
        {{- if ne .service "api" }}
        - { name: data, mountPath: /var/lib/footfall }
        {{- end }}
        {{- if .root.Values.logFilter }}
        - { name: log-filter, mountPath: /etc/footfall, readOnly: true }
        {{- end }}
        {{- include "footfall.certificatesMount" .root | nindent 8 }}
      {{- end }}
  {{- if or (eq .service "processor") .root.Values.logFilter .root.Values.certificates.secret }}
  volumes:
    {{- if eq .service "processor" }}
    - name: data
      emptyDir: { sizeLimit: {{ .root.Values.processor.recentIdsGib }}Gi }
    {{- end }}
    {{- with .root.Values.logFilter }}
    - name: log-filter
      configMap: { name: {{ . }}, optional: true }
    {{- end }}
    {{- include "footfall.certificatesVolume" .root | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* The mount and the volume of certificates, if there are any. */}}
{{- define "footfall.certificatesMount" -}}
{{- if .Values.certificates.secret -}}
- { name: certificates, mountPath: /etc/footfall-certificates, readOnly: true }
{{- end -}}
{{- end -}}

{{- define "footfall.certificatesVolume" -}}
{{- with .Values.certificates.secret -}}
- name: certificates
  secret: { secretName: {{ . }}, defaultMode: 0440 }
{{- end -}}
{{- end -}}

{{/* Annotations of a workload: Reloader restarts its pods when the secret changes. */}}
{{- define "footfall.workloadAnnotations" -}}
{{- if .Values.reloader -}}
secret.reloader.stakater.com/reload: {{ include "footfall.secret" (dict "root" . "purpose" "runtime") }}
{{- end -}}
{{- end -}}
