{{- /* list $ "hook" or "continuous" "component" */ -}}
{{- define "standin.puller" -}}
{{- $root := index . 0 }}
{{- $isHook := eq (index . 1) "hook" }}
{{- $name := print (index . 1) "-image-puller" }}
{{- $puller := $root.Values.prePuller }}
{{- $single := $root.Values.singleuser }}
{{- $account := ternary $puller.hook.serviceAccountImagePuller $puller.continuous.serviceAccount $isHook }}
{{- $annotations := ternary $puller.hook.daemonsetAnnotations $puller.continuous.daemonsetAnnotations $isHook }}
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: {{ include "standin.name" (list $root $name) }}
  labels:
    {{- include "standin.labels" (list $root (index . 2)) | nindent 4 }}
    {{- if $isHook }}
    hub.jupyter.org/deletable: "true"
    {{- end }}
  {{- if or $isHook $annotations }}
  annotations:
    {{- if $isHook }}
    {{- include "standin.hookAnnotations" "-10" | nindent 4 }}
    {{- end }}
    {{- with $annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
spec:
  {{- if not (kindIs "invalid" $puller.revisionHistoryLimit) }}
  revisionHistoryLimit: {{ $puller.revisionHistoryLimit }}
  {{- end }}
  updateStrategy:
    type: RollingUpdate
    rollingUpdate: { maxUnavailable: 100% }
  selector:
    matchLabels:
      {{- include "standin.selector" (list $root (index . 2)) | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "standin.podLabels" (list $root (index . 2)) | nindent 8 }}
        {{- with $puller.labels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with $puller.annotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      {{- if $root.Values.scheduling.podPriority.enabled }}
      priorityClassName: {{ include "standin.clusterName" (list $root "image-puller" "image-puller-priority") }}
      {{- end }}
      {{- with $single.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with concat $root.Values.scheduling.userPods.tolerations $single.extraTolerations $puller.extraTolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with include "standin.requiredUserTerms" $root }}
      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms: {{ . }}
      {{- end }}
      terminationGracePeriodSeconds: 0
      serviceAccountName: {{ $account.name | default (include "standin.name" (list $root $name)) }}
      automountServiceAccountToken: false
      {{- include "standin.pullSecrets" (list $root $single.image) | nindent 6 }}
      initContainers:
        {{- range include "standin.pulledImages" $root | fromJsonArray }}
        - name: {{ .name }}
          image: {{ .image }}
          command: [/bin/sh, -c, echo "Pulling complete"]
          {{- include "standin.container" (list $puller .) | nindent 10 }}
        {{- end }}
      containers:
        - name: pause
          image: {{ $puller.pause.image.name }}:{{ $puller.pause.image.tag }}
          {{- $pause := merge (dict "resources" $puller.resources) $puller.pause }}
          {{- include "standin.container" (list $pause (dict)) | nindent 10 }}
{{- end -}}

{{- /* Everything that a user's pod may need, as a list of {name, image, pullPolicy}. */ -}}
{{- define "standin.pulledImages" -}}
  {{- $single := .Values.singleuser -}}
  {{- $images := list -}}
  {{- if $single.cloudMetadata.blockWithIptables -}}
    {{- $tools := $single.networkTools.image -}}
    {{- $images = append $images (dict "name" "image-pull-metadata-block" "image" (print $tools.name ":" $tools.tag) "pullPolicy" $tools.pullPolicy) -}}
  {{- end -}}
  {{- $images = append $images (dict "name" "image-pull-singleuser" "image" (print $single.image.name ":" $single.image.tag)) -}}
  {{- range $index, $container := concat $single.initContainers $single.extraContainers -}}
    {{- $images = append $images (dict "name" (printf "image-pull-singleuser-init-and-extra-containers-%d" $index) "image" $container.image) -}}
  {{- end -}}
  {{- if .Values.prePuller.pullProfileListImages -}}
    {{- range $index, $profile := $single.profileList -}}
      {{- with dig "kubespawner_override" "image" "" $profile -}}
        {{- $images = append $images (dict "name" (printf "image-pull-singleuser-profilelist-%d" $index) "image" .) -}}
      {{- end -}}
      {{- range $option, $description := dig "profile_options" dict $profile -}}
        {{- range $choice, $chosen := dig "choices" dict $description -}}
          {{- with dig "kubespawner_override" "image" "" $chosen -}}
            {{- $images = append $images (dict "name" (printf "image-pull-profile-%d-option-%s-%s" $index $option $choice) "image" .) -}}
          {{- end -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- range $key, $image := .Values.prePuller.extraImages -}}
    {{- $images = append $images (dict "name" (print "image-pull-" $key) "image" (print $image.name ":" $image.tag) "pullPolicy" $image.pullPolicy) -}}
  {{- end -}}
  {{- toJson $images -}}
{{- end -}}

{{- define "standin.hookAnnotations" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
helm.sh/hook-weight: {{ quote . }}
{{- end -}}

{{- /* The chart's version is left out: another version alone is no reason to pull again. */ -}}
{{- define "standin.hookChecksum" -}}
{{ include "standin.puller" (list (merge (dict "Chart" (dict "Name" "jupyterhub" "Version" "any")) .) "hook" "any") | sha256sum }}
{{- end -}}

{{- define "standin.hookPulls" -}}
  {{- $hook := .Values.prePuller.hook -}}
  {{- if $hook.enabled -}}
    {{- $config := lookup "v1" "ConfigMap" .Release.Namespace (include "standin.name" (list . "hub")) | default dict -}}
    {{- $last := dig "data" "checksum_hook-image-puller" "" $config -}}
    {{- if or (not $hook.pullOnlyOnChanges) (ne $last (include "standin.hookChecksum" .)) }}yes{{ end -}}
  {{- end -}}
{{- end -}}
