{{- define "standin.hex" -}}
  {{- range until . }}{{ mod (randNumeric 4 | atoi) 16 | printf "%x" }}{{ end -}}
{{- end -}}

{{- /* list $ "key": the value that the hub's Secret in the cluster has, if there is one */ -}}
{{- define "standin.kept" -}}
  {{- $root := index . 0 -}}
  {{- $secret := lookup "v1" "Secret" $root.Release.Namespace (include "standin.name" (list $root "hub")) -}}
  {{- with $secret }}{{ index (.data | default dict) (index $ 1) | default "" | b64dec }}{{ end -}}
{{- end -}}

{{- define "standin.authToken" -}}
  {{- $given := dig "ConfigurableHTTPProxy" "auth_token" "" .Values.hub.config | default .Values.proxy.secretToken -}}
  {{- $given | default (include "standin.kept" (list . "hub.config.ConfigurableHTTPProxy.auth_token")) | default (randAlphaNum 64) -}}
{{- end -}}

{{- define "standin.cookieSecret" -}}
  {{- $given := dig "JupyterHub" "cookie_secret" "" .Values.hub.config | default .Values.hub.cookieSecret -}}
  {{- $given | default (include "standin.kept" (list . "hub.config.JupyterHub.cookie_secret")) | default (include "standin.hex" 64) -}}
{{- end -}}

{{- define "standin.cryptKeys" -}}
  {{- with dig "CryptKeeper" "keys" "" .Values.hub.config -}}
    {{- join ";" . -}}
  {{- else -}}
    {{- include "standin.kept" (list . "hub.config.CryptKeeper.keys") | default (include "standin.hex" 64) -}}
  {{- end -}}
{{- end -}}

{{- /* list $ "service" */ -}}
{{- define "standin.serviceToken" -}}
  {{- $service := index (index . 0).Values.hub.services (index . 1) -}}
  {{- $given := dig "api_token" "" $service | default (dig "apiToken" "" $service) -}}
  {{- $given | default (include "standin.kept" (list (index . 0) (printf "hub.services.%s.apiToken" (index . 1)))) | default (include "standin.hex" 64) -}}
{{- end -}}

{{- /* Data of a Secret from extraFiles: base64 of binaryData as given, text otherwise; structured data by extension. */ -}}
{{- define "standin.files" -}}
  {{- $binary := dict -}}
  {{- $text := dict -}}
  {{- range $key, $file := . -}}
    {{- if not $file.mountPath }}{{ fail (printf "extraFiles.%s has no mountPath" $key) }}{{ end -}}
    {{- if ne 1 (len (compact (list (ternary "data" "" (not (empty $file.data))) (ternary "text" "" (not (empty $file.stringData))) (ternary "binary" "" (not (empty $file.binaryData)))))) -}}
      {{- fail (printf "extraFiles.%s must have exactly one of data, stringData and binaryData" $key) -}}
    {{- end -}}
    {{- $extension := base $file.mountPath | ext -}}
    {{- if $file.binaryData -}}
      {{- $_ := set $binary $key (nospace $file.binaryData) -}}
    {{- else if $file.stringData -}}
      {{- $_ := set $text $key (print (trimSuffix "\n" $file.stringData) "\n") -}}
    {{- else if has $extension (list ".yaml" ".yml") -}}
      {{- $_ := set $text $key (print (toYaml $file.data) "\n") -}}
    {{- else if eq $extension ".json" -}}
      {{- $_ := set $text $key (print (toJson $file.data) "\n") -}}
    {{- else if eq $extension ".toml" -}}
      {{- $_ := set $text $key (print (toToml $file.data | trimSuffix "\n") "\n") -}}
    {{- else -}}
      {{- fail (printf "extraFiles.%s has data, so %s must end in .yaml, .yml, .json or .toml" $key $file.mountPath) -}}
    {{- end -}}
  {{- end -}}
  {{- dict "data" $binary "stringData" $text | toJson -}}
{{- end -}}
