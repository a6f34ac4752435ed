{{- /*
list $ <policy's values> "name" "component" <ingress> <egress>, where <ingress> is a list of
{label, ports} that pods with the label may reach, and <egress> a list of {component, ports} of this release.
*/ -}}
{{- define "standin.networkPolicy" -}}
{{- $root := index . 0 }}
{{- $policy := index . 1 }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "standin.name" (list $root (index . 2)) }}
  labels:
    {{- include "standin.labels" (list $root (index . 2)) | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "standin.selector" (list $root (index . 3)) | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    {{- with $policy.allowedIngressPorts }}
    - ports:
        {{- range . }}
        - port: {{ . }}
        {{- end }}
    {{- end }}
    {{- range index . 4 }}
    {{- $from := dict "matchLabels" (dict (print "hub.jupyter.org/network-access-" .label) "true") }}
    - ports:
        {{- range .ports }}
        - port: {{ . }}
        {{- end }}
      from:
        - podSelector: {{ toJson $from }}
          {{- if eq $policy.interNamespaceAccessLabels "accept" }}
          namespaceSelector: { matchLabels: {} }
        - namespaceSelector: {{ toJson $from }}
          {{- end }}
    {{- end }}
    {{- with $policy.ingress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  egress:
    {{- range index . 5 }}
    - to:
        - podSelector:
            matchLabels:
              {{- include "standin.selector" (list $root .component) | nindent 14 }}
      ports:
        {{- range .ports }}
        - port: {{ . }}
        {{- end }}
    {{- end }}
    {{- with include "standin.egressRules" (list $root $policy) }}
    {{- . | nindent 4 }}
    {{- end }}
{{- end -}}

{{- define "standin.egressRules" -}}
  {{- $metadata := dict "ipBlock" (dict "cidr" (print (index . 0).Values.singleuser.cloudMetadata.ip "/32")) -}}
  {{- $ranges := list "10.0.0.0/8" "172.16.0.0/12" "192.168.0.0/16" -}}
  {{- $private := list -}}
  {{- range $ranges }}{{ $private = append $private (dict "ipBlock" (dict "cidr" .)) }}{{ end -}}
  {{- $allow := (index . 1).egressAllowRules -}}
  {{- $rules := list -}}
  {{- $dns := list -}}
  {{- if $allow.dnsPortsCloudMetadataServer }}{{ $dns = append $dns $metadata }}{{ end -}}
  {{- if $allow.dnsPortsKubeSystemNamespace -}}
    {{- $labels := dict "kubernetes.io/metadata.name" "kube-system" -}}
    {{- $dns = append $dns (dict "namespaceSelector" (dict "matchLabels" $labels)) -}}
  {{- end -}}
  {{- if $allow.dnsPortsPrivateIPs }}{{ $dns = concat $dns $private }}{{ end -}}
  {{- with $dns -}}
    {{- $ports := list (dict "port" 53 "protocol" "UDP") (dict "port" 53 "protocol" "TCP") -}}
    {{- $rules = append $rules (dict "ports" $ports "to" .) -}}
  {{- end -}}
  {{- if $allow.nonPrivateIPs -}}
    {{- $public := dict "cidr" "0.0.0.0/0" "except" (append $ranges $metadata.ipBlock.cidr) -}}
    {{- $rules = append $rules (dict "to" (list (dict "ipBlock" $public))) -}}
  {{- end -}}
  {{- if $allow.privateIPs }}{{ $rules = append $rules (dict "to" $private) }}{{ end -}}
  {{- if $allow.cloudMetadataServer }}{{ $rules = append $rules (dict "to" (list $metadata)) }}{{ end -}}
  {{- with concat $rules (index . 1).egress }}{{ toYaml . }}{{ end -}}
{{- end -}}
