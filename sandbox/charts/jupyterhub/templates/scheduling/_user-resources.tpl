{{- define "standin.userResources" -}}
  {{- $single := .Values.singleuser -}}
  {{- $resources := dict -}}
  {{- range $field, $bound := dict "requests" "guarantee" "limits" "limit" -}}
    {{- $amounts := dict -}}
    {{- with index $single.cpu $bound }}{{ $_ := set $amounts "cpu" . }}{{ end -}}
    {{- with index $single.memory $bound }}{{ $_ := set $amounts "memory" . }}{{ end -}}
    {{- range $name, $amount := index $single.extraResource (print $bound "s") }}{{ $_ := set $amounts $name (toString $amount) }}{{ end -}}
    {{- with $amounts }}{{ $_ := set $resources $field . }}{{ end -}}
  {{- end -}}
  {{- toYaml $resources -}}
{{- end -}}
