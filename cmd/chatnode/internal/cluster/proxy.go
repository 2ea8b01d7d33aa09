package cluster

import (
	"context"
	"fmt"
	"net"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/fault"
)

// openProxy puts a proxy in front of etcd, for the joining API node alone. It
// passes everything on until it is armed.
func (a *act) openProxy(ctx context.Context) error {
	address, err := a.ports.take(ctx)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("proxy: %w", err)
	}
	a.proxy, err = fault.NewCuttingProxy(listener, a.layout.etcd.listen, a.seePut)
	if err != nil {
		_ = listener.Close()
		return err
	}
	a.proxy.Start() //nolint:contextcheck // it lives until close, after everybody who uses it
	return nil
}

// seePut notes what the proxy did to a write of the joining node.
func (a *act) seePut(e fault.ProxyEvent) {
	switch e.Kind {
	case fault.ProxyCut:
		a.journal.add(putCut{At: e.At})
	case fault.ProxyPassed:
		a.journal.add(putForwarded{At: e.At})
	}
}

func (a *act) proxyURL() string { return "http://" + a.proxy.Addr() }
