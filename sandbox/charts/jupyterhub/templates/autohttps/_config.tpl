{{- define "standin.hasAutohttps" -}}
  {{- with .Values.proxy.https }}{{ if and .enabled .hosts (eq .type "letsencrypt") }}yes{{ end }}{{ end -}}
{{- end -}}

{{- define "standin.traefikStatic" -}}
  {{- $https := .Values.proxy.https -}}
  {{- $redacted := dict "Authorization" "redacted" "Cookie" "redacted" "Set-Cookie" "redacted" "X-Xsrftoken" "redacted" -}}
  {{- $acme := dict "caServer" $https.letsencrypt.acmeServer "email" $https.letsencrypt.contactEmail -}}
  {{- $_ := set $acme "httpChallenge" (dict "entryPoint" "http") -}}
  {{- $_ := set $acme "storage" "/etc/acme/acme.json" -}}
  {{- $timeouts := dict "respondingTimeouts" (dict "idleTimeout" "10m0s") -}}
  {{- dict
    "accessLog" (dict "fields" (dict "headers" (dict "names" $redacted)) "filters" (dict "statusCodes" (list "500-599")))
    "certificatesResolvers" (dict "default" (dict "acme" $acme))
    "entryPoints" (dict "http" (dict "address" ":8080") "https" (dict "address" ":8443" "transport" $timeouts))
    "log" (dict "level" (ternary "DEBUG" "WARN" .Values.debug.enabled))
    "providers" (dict "file" (dict "filename" "/etc/traefik/dynamic.yaml"))
    | merge .Values.proxy.traefik.extraStaticConfig | toYaml -}}
{{- end -}}

{{- define "standin.traefikDynamic" -}}
  {{- $hsts := .Values.proxy.traefik.hsts -}}
  {{- $domains := list -}}
  {{- range .Values.proxy.https.hosts }}{{ $domains = append $domains (dict "main" .) }}{{ end -}}
  {{- $ciphers := list -}}
  {{- range $suite := list "AES_256_GCM_SHA384" "AES_128_GCM_SHA256" "CHACHA20_POLY1305" -}}
    {{- $ciphers = concat $ciphers (list (print "TLS_ECDHE_ECDSA_WITH_" $suite) (print "TLS_ECDHE_RSA_WITH_" $suite)) -}}
  {{- end -}}
  {{- $secure := dict "entrypoints" (list "https") "middlewares" (list "hsts" "scheme") "rule" "PathPrefix(`/`)" "service" "default" -}}
  {{- $_ := set $secure "tls" (dict "certResolver" "default" "domains" $domains "options" "default") -}}
  {{- $insecure := dict "entrypoints" (list "http") "middlewares" (list "redirect") "rule" "PathPrefix(`/`)" "service" "default" -}}
  {{- $middlewares := dict
    "hsts" (dict "headers" (dict "stsIncludeSubdomains" $hsts.includeSubdomains "stsPreload" $hsts.preload "stsSeconds" $hsts.maxAge))
    "redirect" (dict "redirectScheme" (dict "permanent" true "scheme" "https"))
    "scheme" (dict "headers" (dict "customRequestHeaders" (dict "X-Scheme" "https"))) -}}
  {{- $services := dict "default" (dict "loadBalancer" (dict "servers" (list (dict "url" "http://proxy-http:8000/")))) -}}
  {{- dict
    "http" (dict "middlewares" $middlewares "routers" (dict "default" $secure "insecure" $insecure) "services" $services)
    "tls" (dict "options" (dict "default" (dict "cipherSuites" $ciphers "minVersion" "VersionTLS12" "sniStrict" true)))
    | merge .Values.proxy.traefik.extraDynamicConfig | toYaml -}}
{{- end -}}
