package cli

import (
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/pulse"
	"github.com/firebreak-go/firebreak/registry"
)

// pulseOf sums up how a chat node is, which lets in so many sessions a second.
func pulseOf(snapshot *registry.Snapshot, sessions gateway.Stats, rate *float64) pulse.Pulse {
	p := pulse.Pulse{
		Sessions: sessions.Ready, Parked: sessions.Parked, Index: uint64(snapshot.Index),
		Quarantined: len(snapshot.Quarantined) + snapshot.QuarantineOverflow, Held: len(snapshot.Orders), Throttle: rate,
	}
	for row := range snapshot.Rows.All() {
		switch row.Status {
		case registry.StatusLive:
			p.Live++
		case registry.StatusLimbo:
			p.Limbo++
		case registry.StatusQuarantinedCached: // among the quarantined
		}
	}
	for _, g := range snapshot.Guards {
		p.Guards = append(p.Guards, g.Guard.String())
	}
	return p
}
