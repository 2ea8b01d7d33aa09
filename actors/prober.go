package actors

import (
	"context"
	"net"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// Prober finds out whether an instance that left the registry without an
// explanation lives. It is asked about few at a time, from goroutines of its own.
type Prober interface {
	// Probe returns nil when the instance takes work. The context ends after two
	// seconds.
	Probe(ctx context.Context, in registry.Instance) error
}

// probeLimit bounds one probe.
const probeLimit = 2 * time.Second

// TCPProber takes an instance that accepts a TCP connection to be alive. It is
// the default.
type TCPProber struct{}

// Probe implements [Prober].
func (TCPProber) Probe(ctx context.Context, in registry.Instance) error {
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, "tcp", in.Address())
	if err != nil {
		return err
	}
	return connection.Close()
}

// probe asks whether an instance lives, on a goroutine of its own.
func (w *watcher) probe(key string, in registry.Instance) {
	self, prober := w.self, w.setting.prober
	w.calls.run(probeLimit, func(ctx context.Context) {
		_, err := safely(func() (struct{}, error) { return struct{}{}, prober.Probe(ctx, in) })
		self.post(probed{key: key, alive: err == nil || isPanic(err)}) // a prober that breaks proves nothing
	})
}
