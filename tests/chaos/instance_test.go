//go:build unix

package chaos

import (
	"context"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/etcdv2"
)

const (
	// ttl is that of every announced record: the shorter, the more may go wrong.
	ttl = 2 * time.Second
	// requestLimit bounds one request of a process under test, waitLimit one watch.
	requestLimit = 2 * time.Second
	waitLimit    = 2 * time.Second
	// stopLimit is how long a runtime may take to end.
	stopLimit = 20 * time.Second
)

// instance is a process that offers a service: a port that takes connections, a
// runtime that announces it, and a link to etcd of its own.
type instance struct {
	service, id, key, value string
	address                 string

	link     *link
	listener net.Listener
	runtime  *actors.Runtime
	stopped  chan error // of a stop under way
}

// startInstance announces over a link; the port answers before.
func startInstance(t *testing.T, upstream, service, id, zone string) *instance {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	in := registry.Instance{Service: service, ID: id, Incarnation: id + "/" + port, Host: "127.0.0.1", Port: number, Zone: zone}
	i := &instance{
		service: service, id: id, key: directory(service) + id, value: encode(t, in), address: in.Address(),
		link: newLink(t, upstream), listener: listener,
	}
	source := dial(t, i.link.url())
	i.runtime, err = actors.New(actors.Config{Source: source, Writer: source})
	if err == nil {
		err = i.runtime.Announce(in, ttl)
	}
	if err == nil {
		err = i.runtime.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func dial(t *testing.T, endpoint string) *etcdv2.Registry {
	t.Helper()
	r, err := etcdv2.New(etcdv2.Config{Endpoints: []string{endpoint}, Timeout: requestLimit, Wait: waitLimit})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func directory(service string) string { return registry.DefaultPrefix + "/" + service + "/" }

// leave begins an orderly end: the record is withdrawn, if etcd can be reached.
func (i *instance) leave() {
	if i.stopped != nil {
		return
	}
	i.stopped = make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
		defer cancel()
		i.stopped <- i.runtime.Stop(ctx)
		_ = i.listener.Close()
	}()
}

// crash ends the process at once: its port is closed, its record stays.
func (i *instance) crash() {
	i.link.refuse(true)
	_ = i.listener.Close()
	i.leave()
}

// await waits until the runtime is gone.
func (i *instance) await(t *testing.T) {
	t.Helper()
	i.leave()
	if err := <-i.stopped; err != nil {
		t.Errorf("stop of %s: got error %v, want none", i.key, err)
	}
}
