{{- /* list $ <image>: pull secrets of the image, of the chart, and the one that the chart makes */ -}}
{{- define "standin.pullSecrets" -}}
  {{- $values := (index . 0).Values -}}
  {{- $all := concat (index . 1).pullSecrets $values.imagePullSecrets | uniq -}}
  {{- if and $values.imagePullSecret.create $values.imagePullSecret.automaticReferenceInjection -}}
    {{- $all = append $all (include "standin.name" (list (index . 0) "image-pull-secret")) | uniq -}}
  {{- end -}}
  {{- if $all -}}
imagePullSecrets:
    {{- range $all }}
  - {{ if kindIs "string" . }}{{ dict "name" . | toJson }}{{ else }}{{ toJson . }}{{ end }}
    {{- end }}
  {{- end -}}
{{- end -}}

{{- /* list <component's values> <image>: fields that every container of the chart has */ -}}
{{- define "standin.container" -}}
  {{- with (index . 0).resources }}
resources:
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- with (index . 0).containerSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- with (index . 1).pullPolicy }}
imagePullPolicy: {{ . }}
  {{- end }}
{{- end -}}

{{- /* list <probe's values> <httpGet> */ -}}
{{- define "standin.probe" -}}
{{ pick (index . 0) "initialDelaySeconds" "periodSeconds" "timeoutSeconds" "failureThreshold" | toYaml }}
httpGet:
  {{- toYaml (index . 1) | nindent 2 }}
{{- end -}}

{{- /* A list as it is, or a map from name to text or to the rest of the entry. */ -}}
{{- define "standin.extraEnv" -}}
  {{- if kindIs "slice" . -}}
    {{- toYaml . -}}
  {{- else -}}
    {{- $entries := list -}}
    {{- range $name, $value := . -}}
      {{- if kindIs "map" $value -}}
        {{- $entries = append $entries (merge (dict) $value (dict "name" $name)) -}}
      {{- else if kindIs "string" $value -}}
        {{- $entries = append $entries (dict "name" $name "value" $value) -}}
      {{- else -}}
        {{- fail (printf "extraEnv.%s must be text or a map, not %s" $name (kindOf $value)) -}}
      {{- end -}}
    {{- end -}}
    {{- toYaml $entries -}}
  {{- end -}}
{{- end -}}

{{- /* list $ <component's values>: where core pods run */ -}}
{{- define "standin.corePlacement" -}}
  {{- $core := (index . 0).Values.scheduling.corePods -}}
  {{- if (index . 0).Values.scheduling.podPriority.enabled }}
priorityClassName: {{ include "standin.priorityName" (index . 0) }}
  {{- end }}
  {{- with (index . 1).nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- with concat $core.tolerations (index . 1).tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- with include "standin.purposeAffinity" (list $core "core") }}
affinity:
  nodeAffinity:
    {{- . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- /* list <placement> <purpose> */ -}}
{{- define "standin.purposeAffinity" -}}
  {{- $match := (index . 0).nodeAffinity.matchNodePurpose -}}
  {{- $term := dict "matchExpressions" (list (dict "key" "hub.jupyter.org/node-purpose" "operator" "In" "values" (list (index . 1)))) -}}
  {{- if eq $match "require" -}}
requiredDuringSchedulingIgnoredDuringExecution:
  nodeSelectorTerms:
    - {{ toJson $term }}
  {{- else if eq $match "prefer" -}}
preferredDuringSchedulingIgnoredDuringExecution:
  - weight: 100
    preference: {{ toJson $term }}
  {{- end -}}
{{- end -}}

{{- define "standin.requiredUserTerms" -}}
  {{- $terms := list -}}
  {{- if eq .Values.scheduling.userPods.nodeAffinity.matchNodePurpose "require" -}}
    {{- $terms = list (dict "matchExpressions" (list (dict "key" "hub.jupyter.org/node-purpose" "operator" "In" "values" (list "user")))) -}}
  {{- end -}}
  {{- with concat $terms .Values.singleuser.extraNodeAffinity.required }}{{ toJson . }}{{ end -}}
{{- end -}}

{{- /* The affinity of users' pods, for the placeholders that stand in for them. */ -}}
{{- define "standin.userAffinity" -}}
  {{- $single := .Values.singleuser -}}
  {{- $preferred := $single.extraNodeAffinity.preferred -}}
  {{- if eq .Values.scheduling.userPods.nodeAffinity.matchNodePurpose "prefer" -}}
    {{- $term := dict "matchExpressions" (list (dict "key" "hub.jupyter.org/node-purpose" "operator" "In" "values" (list "user"))) -}}
    {{- $preferred = prepend $preferred (dict "weight" 100 "preference" $term) -}}
  {{- end -}}
  {{- $affinity := dict -}}
  {{- $node := dict -}}
  {{- with include "standin.requiredUserTerms" . -}}
    {{- $_ := set $node "requiredDuringSchedulingIgnoredDuringExecution" (dict "nodeSelectorTerms" (fromJsonArray .)) -}}
  {{- end -}}
  {{- with $preferred }}{{ $_ := set $node "preferredDuringSchedulingIgnoredDuringExecution" . }}{{ end -}}
  {{- with $node }}{{ $_ := set $affinity "nodeAffinity" . }}{{ end -}}
  {{- range $name, $extra := dict "podAffinity" $single.extraPodAffinity "podAntiAffinity" $single.extraPodAntiAffinity -}}
    {{- $pod := dict -}}
    {{- with $extra.required }}{{ $_ := set $pod "requiredDuringSchedulingIgnoredDuringExecution" . }}{{ end -}}
    {{- with $extra.preferred }}{{ $_ := set $pod "preferredDuringSchedulingIgnoredDuringExecution" . }}{{ end -}}
    {{- with $pod }}{{ $_ := set $affinity $name . }}{{ end -}}
  {{- end -}}
  {{- with $affinity }}{{ toYaml . }}{{ end -}}
{{- end -}}

{{- /* list $ <values of a disruption budget> "name" "component" */ -}}
{{- define "standin.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ index . 2 }}
  labels:
    {{- include "standin.labels" (list (index . 0) (index . 3)) | nindent 4 }}
spec:
  {{- range $field := list "maxUnavailable" "minAvailable" }}
  {{- $value := index (index $ 1) $field }}
  {{- if not (kindIs "invalid" $value) }}
  {{ $field }}: {{ $value }}
  {{- end }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "standin.selector" (list (index . 0) (index . 3)) | nindent 6 }}
{{- end -}}

{{- /* list $ <service account's values> "name" "component" */ -}}
{{- define "standin.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ index . 2 }}
  labels:
    {{- include "standin.labels" (list (index . 0) (index . 3)) | nindent 4 }}
  {{- with (index . 1).annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "standin.ipFamilies" -}}
  {{- with .ipFamilyPolicy }}
ipFamilyPolicy: {{ . }}
  {{- end }}
  {{- with .ipFamilies }}
ipFamilies:
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}
