{{/* What the pods of both processes have in common. Called with (dict "root" $ "process" "pia" "part" values). */}}

{{- define "gurum.pod.metadata" -}}
labels:
  {{- include "gurum.selector" .root | nindent 2 }}
  app.kubernetes.io/component: {{ .process }}
  app.kubernetes.io/part-of: gurum
  {{- with .region }}
  gurum.cloud/region: {{ . }}
  {{- end }}
  {{- with .part.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  # Another configuration is another pod: nothing in it is read again by a process that runs.
  checksum/config: {{ include "gurum.document" .root | sha256sum }}
  {{- with .part.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "gurum.pod.settings" -}}
serviceAccountName: {{ include "gurum.fullname" .root }}-{{ .process }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with .part.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .part.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .part.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .part.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "gurum.pod.spread" -}}
topologySpreadConstraints:
  {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "gurum.selector" $.root | nindent 8 }}
        app.kubernetes.io/component: {{ $.process }}
        {{- with $.region }}
        gurum.cloud/region: {{ . }}
        {{- end }}
  {{- end }}
{{- end -}}

{{- define "gurum.container.settings" -}}
image: {{ include "gurum.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
resources:
  {{- toYaml .part.resources | nindent 2 }}
{{- end -}}

{{- define "gurum.container.environment" -}}
env:
  - { name: PYTHONUNBUFFERED, value: "1" }
  - { name: PYTHONDONTWRITEBYTECODE, value: "1" }
  - { name: HOME, value: {{ include "gurum.place.state" .root }} }
  {{- if .root.Values.trust.existingConfigMap }}
  - { name: SSL_CERT_FILE, value: {{ include "gurum.place.trust" .root }}/ca.crt }
  - { name: AWS_CA_BUNDLE, value: {{ include "gurum.place.trust" .root }}/ca.crt }
  {{- end }}
  {{- if and (eq .process "engine") .root.Values.proxy.https }}
  - { name: HTTPS_PROXY, value: {{ .root.Values.proxy.https | quote }} }
  - { name: NO_PROXY, value: {{ .root.Values.proxy.exceptions | quote }} }
  {{- end }}
{{- end -}}

{{- define "gurum.container.mounts" -}}
volumeMounts:
  - { name: config, mountPath: {{ include "gurum.place.config" .root }}, readOnly: true }
  - { name: account, mountPath: {{ include "gurum.place.account" .root }}, readOnly: true }
  {{- if eq .process "pia" }}
  - { name: identity, mountPath: {{ include "gurum.place.secrets" .root }}/identity, readOnly: true }
  {{- end }}
  {{- if .root.Values.journal.existingSecret.name }}
  - { name: journal, mountPath: {{ include "gurum.place.secrets" .root }}/journal, readOnly: true }
  {{- end }}
  {{- if .root.Values.trust.existingConfigMap }}
  - { name: trust, mountPath: {{ include "gurum.place.trust" .root }}, readOnly: true }
  {{- end }}
  - { name: state, mountPath: {{ include "gurum.place.state" .root }} }
  - { name: tmp, mountPath: /tmp }
{{- end -}}

{{- define "gurum.pod.volumes" -}}
volumes:
  - name: config
    configMap: { name: {{ include "gurum.fullname" .root }} }
  # The account's token, renewed by the kubelet within its hour; the process reads the file for every request.
  - name: account
    projected:
      defaultMode: 0440
      sources:
        - serviceAccountToken: { path: token, expirationSeconds: 3600 }
        - configMap: { name: kube-root-ca.crt, items: [{ key: ca.crt, path: ca.crt }] }
  {{- if eq .process "pia" }}
  - name: identity
    secret:
      secretName: {{ .root.Values.identity.existingSecret.name }}
      defaultMode: 0440
      items: [{ key: {{ .root.Values.identity.existingSecret.key }}, path: password }]
  {{- end }}
  {{- with .root.Values.journal.existingSecret }}
  {{- if .name }}
  - name: journal
    secret:
      secretName: {{ .name }}
      defaultMode: 0440
      items: [{ key: {{ .key }}, path: password }]
  {{- end }}
  {{- end }}
  {{- with .root.Values.trust }}
  {{- if .existingConfigMap }}
  - name: trust
    configMap:
      name: {{ .existingConfigMap }}
      items: [{ key: {{ .key }}, path: ca.crt }]
  {{- end }}
  {{- end }}
  - name: state
    emptyDir: {}
  - name: tmp
    emptyDir: { sizeLimit: 64Mi }
{{- end -}}
