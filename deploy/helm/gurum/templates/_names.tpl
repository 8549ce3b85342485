{{/* Names, labels, and where things stand within a container. */}}

{{- define "gurum.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "gurum.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "gurum.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "gurum.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* A region's name as a part of an object's name: itself, or a digest where Kubernetes has no such names. */}}
{{- define "gurum.slug" -}}
{{- if regexMatch "^[a-z0-9]([-a-z0-9]{0,18}[a-z0-9])?$" . -}}
{{- . -}}
{{- else -}}
{{- printf "x%s" (sha256sum . | trunc 10) -}}
{{- end -}}
{{- end -}}

{{- define "gurum.selector" -}}
app.kubernetes.io/name: {{ include "gurum.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "gurum.labels" -}}
{{ include "gurum.selector" . }}
app.kubernetes.io/part-of: gurum
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "gurum.image" -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}

{{/* One port for every region: each has pods of its own. */}}
{{- define "gurum.port.pia" -}}8774{{- end -}}
{{- define "gurum.port.admission" -}}8443{{- end -}}
{{- define "gurum.port.engine" -}}8790{{- end -}}

{{- define "gurum.place.config" -}}/etc/gurum{{- end -}}
{{- define "gurum.place.secrets" -}}/run/secrets/gurum{{- end -}}
{{- define "gurum.place.issuer" -}}/run/secrets/gurum/issuer{{- end -}}
{{- define "gurum.place.account" -}}/var/run/secrets/kubernetes.io/serviceaccount{{- end -}}
{{- define "gurum.place.state" -}}/var/lib/gurum{{- end -}}
{{- define "gurum.place.policy" -}}/etc/gurum-policy{{- end -}}
{{- define "gurum.place.trust" -}}/etc/gurum-trust{{- end -}}
