package cluster

import (
	"context"
	"fmt"
	"net"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/fault"
)

// openLinks puts a link between each chat node and etcd, so that a node can be cut
// off alone.
func (a *act) openLinks(ctx context.Context) error {
	a.links = make(map[string]*fault.Link, len(a.layout.nodes))
	a.maker.etcdFor = make(map[string]string, len(a.layout.nodes))
	for _, n := range a.layout.nodes {
		address, err := a.ports.take(ctx)
		if err != nil {
			return err
		}
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err != nil {
			return fmt.Errorf("link of %s: %w", n.name, err)
		}
		link, err := fault.NewLink(listener, a.layout.etcd.listen)
		if err != nil {
			_ = listener.Close()
			return err
		}
		link.Start() //nolint:contextcheck // it lives until close, after everybody who uses it
		a.links[n.name], a.maker.etcdFor[n.name] = link, "http://"+link.Addr()
	}
	return nil
}
