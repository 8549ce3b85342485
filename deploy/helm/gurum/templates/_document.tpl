{{/*
Gurum's own configuration: what the values say, and what follows from being in a cluster. The document is checked
by the program when it starts; a misspelt setting never gets so far, because the schema of the values refuses it.
*/}}
{{- define "gurum.document" -}}
{{- $secrets := include "gurum.place.secrets" . -}}
{{- $state := include "gurum.place.state" . -}}
{{- $regions := list -}}
{{- range .Values.config.regions -}}
{{- $one := deepCopy . -}}
{{- $_ := set $one "host" $.Values.bindAddress -}}
{{- $_ := set $one "port" (include "gurum.port.pia" $ | int) -}}
{{- if $one.aws -}}
{{- range $one.aws.accounts -}}
{{- if not .role -}}
{{- $_ := set . "credentials_file" (printf "%s/aws/%s.json" $secrets .number) -}}
{{- else if not (and $.Values.issuer.url $.Values.issuer.volume) -}}
{{- fail (printf "account %s has a role: issuer.url and issuer.volume must be given" .number) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if eq $one.provider "simulated" -}}
{{- $kept := dict "state" (printf "%s/simulated-%s.sqlite" $state (include "gurum.slug" $one.name)) -}}
{{- $_ := set $one "simulation" (mergeOverwrite $kept (default dict $one.simulation)) -}}
{{- end -}}
{{- $regions = append $regions $one -}}
{{- end -}}
{{- $given := deepCopy .Values.config -}}
{{- $store := dict "url" (printf "kubernetes://%s" (include "gurum.place.account" .)) "journal_url" .Values.journal.url -}}
{{- if .Values.journal.existingSecret.name -}}
{{- $_ := set $store "password_file" (printf "%s/journal/password" $secrets) -}}
{{- end -}}
{{- $identity := dict "url" .Values.identity.url "embedded" false "service_user" .Values.identity.user
    "service_project" .Values.identity.project "service_domain" .Values.identity.domain
    "service_password_file" (printf "%s/identity/password" $secrets)
    "issuer" (dict "url" .Values.issuer.url "directory" (include "gurum.place.issuer" .)) -}}
{{- $policy := dict "bundle" (ternary (include "gurum.place.policy" .) "${shipped}/policy" (not (empty .Values.policy.volume))) -}}
{{- $engine := dict "token_key_file" (printf "%s/token-key/token-key" $secrets) "metrics_host" .Values.bindAddress
    "metrics_port" (include "gurum.port.engine" . | int) "nice" 0 -}}
{{- $pia := dict -}}
{{- if .Values.pia.tls.existingSecret -}}
{{- $_ := set $pia "tls" (dict "cert_file" (printf "%s/tls/tls.crt" $secrets) "key_file" (printf "%s/tls/tls.key" $secrets)) -}}
{{- end -}}
{{- if .Values.admission.existingSecret -}}
{{- $_ := set $pia "admission" (dict "host" .Values.bindAddress "port" (include "gurum.port.admission" . | int)
    "cert_file" (printf "%s/admission/tls.crt" $secrets) "key_file" (printf "%s/admission/tls.key" $secrets)) -}}
{{- with .Values.admission.clientCaKey -}}
{{- $_ := set $pia.admission "client_ca_file" (printf "%s/admission/%s" $secrets .) -}}
{{- end -}}
{{- end -}}
{{- dict
    "state" $state
    "store" (mergeOverwrite (default dict $given.store) $store)
    "identity" (mergeOverwrite (default dict $given.identity) $identity)
    "policy" $policy
    "engine" (mergeOverwrite (default dict $given.engine) $engine)
    "pia" (mergeOverwrite (default dict $given.pia) $pia)
    "log" (mergeOverwrite (default dict $given.log) (dict "directory" ""))
    "embedded" (dict "aws_emulator" false)
    "regions" $regions
  | toYaml -}}
{{- end -}}
