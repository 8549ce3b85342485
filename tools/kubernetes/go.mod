// What the Kubernetes control plane of tests and of the embedded run is built from. `tools/kubernetes/pin` writes the
// replaces and everything indirect; `scripts/kubernetes` builds.
module gurum.cloud/tools/kubernetes

go 1.26.0

tool (
	go.etcd.io/etcd/server/v3
	helm.sh/helm/v4/cmd/helm
	k8s.io/kubernetes/cmd/kube-apiserver
	k8s.io/kubernetes/cmd/kube-controller-manager
	k8s.io/kubernetes/cmd/kubectl
)

require (
	go.etcd.io/etcd/server/v3 v3.7.3
	helm.sh/helm/v4 v4.3.1
	k8s.io/kubernetes v1.37.2
)
