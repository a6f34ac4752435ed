{{- /* What all names start with: nothing, unless fullnameOverride is set, or null, which means "by the release". */ -}}
{{- define "standin.prefix" -}}
  {{- if kindIs "string" .Values.fullnameOverride -}}
    {{- with .Values.fullnameOverride }}{{ . }}-{{ end -}}
  {{- else -}}
    {{- $name := .Values.nameOverride | default .Chart.Name -}}
    {{- if not (contains $name .Release.Name) }}{{ .Release.Name }}-{{ $name }}-{{ else }}{{ .Release.Name }}-{{ end -}}
  {{- end -}}
{{- end -}}

{{- /* list $ "hub" */ -}}
{{- define "standin.name" -}}
{{ include "standin.prefix" (index . 0) }}{{ index . 1 }}
{{- end -}}

{{- /* list $ "user-placeholder" "user-placeholder-priority": of cluster-wide objects, with prefix or without one */ -}}
{{- define "standin.clusterName" -}}
  {{- $prefix := include "standin.prefix" (index . 0) -}}
  {{- if $prefix -}}
    {{- print $prefix (index . 1) | trimSuffix "-" -}}
  {{- else -}}
    {{- (index . 0).Release.Name }}-{{ index . 2 -}}
  {{- end -}}
{{- end -}}

{{- define "standin.priorityName" -}}
{{ include "standin.clusterName" (list . "" "default-priority") }}
{{- end -}}

{{- /* The Ingress and the HTTPRoute have the prefix alone. */ -}}
{{- define "standin.entryName" -}}
{{ include "standin.prefix" . | trimSuffix "-" | default "jupyterhub" }}
{{- end -}}

{{- /* list $ .Values.….serviceAccount "hub" */ -}}
{{- define "standin.accountName" -}}
  {{- $account := index . 1 -}}
  {{- if $account.create -}}
    {{- $account.name | default (include "standin.name" (list (index . 0) (index . 2))) -}}
  {{- else -}}
    {{- $account.name | default "default" -}}
  {{- end -}}
{{- end -}}

{{- define "standin.app" -}}
{{ .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" | quote }}
{{- end -}}

{{- /* list $ "component" */ -}}
{{- define "standin.labels" -}}
{{- $chart := print (index . 0).Chart.Name "-" ((index . 0).Chart.Version | replace "+" "_") -}}
{{ include "standin.podLabels" . }}
chart: {{ $chart }}
heritage: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ $chart }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
{{- end -}}

{{- define "standin.podLabels" -}}
{{ include "standin.selector" . }}
app.kubernetes.io/component: {{ index . 1 }}
app.kubernetes.io/name: {{ include "standin.app" (index . 0) }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name | quote }}
{{- end -}}

{{- define "standin.selector" -}}
component: {{ index . 1 }}
app: {{ include "standin.app" (index . 0) }}
release: {{ (index . 0).Release.Name | quote }}
{{- end -}}
