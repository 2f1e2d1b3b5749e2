{{- define "clarion.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "clarion.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "clarion.labels" -}}
{{ include "clarion.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "clarion.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}{{ else }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{/* What the program would do wrong, or not at all, is said before anything runs. */}}
{{- define "clarion.check" -}}
{{- if and (not .Values.database.url) (eq .Values.mode "split") }}
{{- fail "mode: split wants database.url: the roles share a database server" }}
{{- end }}
{{- if and (not .Values.database.url) (gt (int .Values.replicas) 1) }}
{{- fail "replicas > 1 wants database.url: an SQLite database is of one pod" }}
{{- end }}
{{- range $key := list "http_listen_addr" "introspection_addr" }}
{{- if hasKey $.Values.config $key }}
{{- fail (printf "config.%s is the chart's own: ports are 6060 and 8089" $key) }}
{{- end }}
{{- end }}
{{- end }}
