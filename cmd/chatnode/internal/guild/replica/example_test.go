package replica_test

import (
	"fmt"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/guild/replica"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// An owner is followed, claims the guild, and passes on what it is told.
func Example() {
	now := time.Unix(1e9, 0)
	owner, steps := replica.NewOwner(7, replica.Config{Random: func() float64 { return 0 }}, now)
	show := func(steps []replica.Step) {
		for _, s := range steps {
			if send, ok := s.(replica.Send); ok {
				fmt.Printf("to %s: %T\n", send.Node, send.Message)
				continue
			}
			fmt.Printf("%T\n", s)
		}
	}
	show(steps)
	show(owner.Follow(&wire.Follow{GuildId: 7, Node: "node-2", Term: 1}, now))
	show(owner.Claimed(&wire.ClaimedGuild{Epoch: 1, Revision: 1, Guild: &wire.Guild{Id: 7}}, now))
	show(owner.Tell(&wire.Event{Revision: 2, GuildId: 7}, now))
	// Output:
	// replica.Claim
	// to node-2: *wire.GuildState
	// to node-2: *wire.Changes
}
