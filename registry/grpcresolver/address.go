package grpcresolver

import (
	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/resolver"

	"github.com/firebreak-go/firebreak/registry"
)

// Instance is what goes with an endpoint, for balancers of your own.
type Instance struct {
	ID     string
	Zone   string
	Weight int
	// Limbo says that the instance is served although the registry does not have
	// it, or says something else.
	Limbo bool
}

// instanceKey is where the instance is among an endpoint's attributes.
type instanceKey struct{}

// InstanceOf returns the instance that an endpoint is, and reports whether it came
// from a resolver of this package.
func InstanceOf(endpoint resolver.Endpoint) (Instance, bool) {
	in, ok := endpoint.Attributes.Value(instanceKey{}).(Instance)
	return in, ok
}

// stateOf is the instances that can be picked, those in limbo behind. What is told
// of an instance is for the balancer, and not for the connection, which would be
// another one whenever it changes.
func stateOf(snapshot *registry.Snapshot) resolver.State {
	var state resolver.State
	for _, behind := range []bool{false, true} {
		for row := range snapshot.Rows.All() {
			limbo := row.Status == registry.StatusLimbo
			if row.Instance.State == registry.StateDraining || limbo != behind {
				continue
			}
			told := attributes.New(instanceKey{}, Instance{
				ID: row.Instance.ID, Zone: row.Instance.Zone, Weight: row.Instance.Weight, Limbo: limbo,
			})
			address := resolver.Address{Addr: row.Instance.Address()}
			state.Endpoints = append(state.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{address}, Attributes: told})
			state.Addresses = append(state.Addresses, address)
		}
	}
	return state
}

// same reports whether two endpoints are one instance with the same to tell.
func same(a, b resolver.Endpoint) bool {
	return a.Addresses[0].Addr == b.Addresses[0].Addr && a.Attributes.Equal(b.Attributes)
}
