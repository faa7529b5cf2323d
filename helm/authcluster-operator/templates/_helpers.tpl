{{- define "authcluster-operator.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The name is what NetworkPolicies of AuthClusters know the operator by; as a dependency the chart may have an alias. */}}
{{- define "authcluster-operator.selectorLabels" -}}
app.kubernetes.io/name: authcluster-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "authcluster-operator.labels" -}}
{{ include "authcluster-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "authcluster-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "authcluster-operator.fullname" .) -}}
{{- else -}}
{{- required "serviceAccount.name must be set when serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* Usage: include "authcluster-operator.image" (list . "auth-api" .Values.images.authApi) */}}
{{- define "authcluster-operator.image" -}}
{{- $root := index . 0 -}}
{{- index . 2 | default (printf "ghcr.io/authcluster/%s:%s" (index . 1) $root.Chart.AppVersion) -}}
{{- end -}}

{{/* The major versions and their images as JSON: {"17":"ghcr.io/authcluster/postgres:17-1.0.0"} */}}
{{- define "authcluster-operator.postgresImages" -}}
{{- $images := dict -}}
{{- range $major, $image := .Values.images.postgres -}}
{{- $_ := set $images $major ($image | default (printf "ghcr.io/authcluster/postgres:%s-%s" $major $.Chart.AppVersion)) -}}
{{- end -}}
{{- toJson $images -}}
{{- end -}}

{{/* What the operator's and the test's containers may do: the restricted Pod Security Standard, and no writes. */}}
{{- define "authcluster-operator.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "authcluster-operator.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "authcluster-operator.pullSecrets" -}}
{{- with .Values.imagePullSecrets -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end -}}
{{- end -}}

{{/* Where a pod of the chart may run. */}}
{{- define "authcluster-operator.placement" -}}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Annotations of what runs before the release is installed or upgraded, in the order of the weight, and goes when it is done. */}}
{{- define "authcluster-operator.definitionHook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}
