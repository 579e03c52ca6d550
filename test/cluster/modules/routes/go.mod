module kubectl-sa-token.test/routes

go 1.26.0

// Nothing is compiled: from their modules come the definitions of the kinds that `manifest proxy --route` prints.
require (
	istio.io/api v1.31.1
	sigs.k8s.io/gateway-api v1.6.3
)
